package goshawk

// Version is the version of the program, as answers name it.
const Version = "0.1.0"
