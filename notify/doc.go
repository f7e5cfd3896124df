// Package notify tells people and programs that something moved in a case: by mail, and
// by webhooks that are signed as Standard Webhooks says. What is to be told lies in the
// outbox, which is written with the alert; it is sent at least once, under one name however
// often, again and again until somebody takes it, across kills of the server.
//
// A message says which case, by its reference, and what moved. Nothing that people wrote in
// the case leaves the server. No password, secret or address of a person is ever logged, and
// no webhook reaches into the network that the server stands in, unless its host is expressly
// allowed.
package notify
