package web

import "embed"

// written is what browsers load and nobody builds: the pages' style, their few scripts, the icons.
//
//go:embed assets
var written embed.FS
