package capture

import (
	"io/fs"
	"syscall"
)

// fileID tells files apart whatever they are called.
type fileID struct{ device, inode uint64 }

func idOf(info fs.FileInfo) fileID {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}
	}
	return fileID{uint64(s.Dev), s.Ino}
}
