package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"path"
	"time"
)

// An entry of an archive: a file, or a link to one beside it.
type entry struct {
	name string
	text []byte
	mode int64
	link string
}

// The earliest time that a zip can tell, for all entries: what is packed has no age.
var packedAt = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// tarGz packs the entries in a folder.
func tarGz(out, folder string, entries []entry) error {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: path.Join(folder, e.name), Mode: e.mode, Size: int64(len(e.text)), ModTime: packedAt, Format: tar.FormatUSTAR}
		if e.link != "" {
			h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, e.link, 0o777
		}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		if _, err := w.Write(e.text); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(out, packed.Bytes(), 0o644)
}

func zipped(out, folder string, entries []entry) error {
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for _, e := range entries {
		f, err := w.CreateHeader(&zip.FileHeader{Name: path.Join(folder, e.name), Method: zip.Deflate, Modified: packedAt})
		if err != nil {
			return err
		}
		if _, err := f.Write(e.text); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(out, packed.Bytes(), 0o644)
}
