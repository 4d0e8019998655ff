package sensor

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// A state file is: eight octets of magic, a version of two octets, the sensor's name led by its length in two, the state as SaveState writes
// it, and the SHA-256 of all that. The sum finds damage, not malice: who can write the file can make one, so it is as much trusted as the
// configuration, and the decoder behind it (encoding/gob) meets nothing that this program did not write.
const (
	stateMagic   = "pwstate\n"
	stateVersion = 2
)

// maxStateName is the longest sensor's name, in octets.
const maxStateName = 1 << 10

// WriteState writes the state of a suspended sensor to path, or leaves there what was: it writes path.new beside it, has that on the disk,
// and renames it. Only the owner can read the file: popups stand in it. What else is to survive, as a source that knows what it read, is
// written with it.
func WriteState(path string, s *Sensor, with ...State) error {
	if len(s.config.Event.Sensor) > maxStateName {
		return fmt.Errorf("write the state file %s: the sensor's name is longer than %d octets", path, maxStateName)
	}
	beside := path + ".new"
	err := writeState(beside, s, with)
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		os.Remove(beside) // or it would fill a disk that is full
		return fmt.Errorf("write the state file %s (its folder must be writable, with room for %d MiB and more): %w", path, s.config.Memory>>20, err)
	}
	return nil
}

func writeState(path string, s *Sensor, with []State) error {
	// What stands there is of a run that was killed, or a link that somebody laid to have another file written.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = writeSummed(f, s, with)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func writeSummed(f io.Writer, s *Sensor, with []State) error {
	out := bufio.NewWriterSize(f, 1<<18)
	sum := sha256.New()
	both := io.MultiWriter(out, sum)
	if _, err := both.Write(stateHeader(s.config.Event.Sensor)); err != nil {
		return err
	}
	if err := s.SaveState(both); err != nil {
		return err
	}
	enc := gob.NewEncoder(both)
	for _, part := range with {
		if err := part.Save(enc); err != nil {
			return err
		}
	}
	if _, err := out.Write(sum.Sum(nil)); err != nil {
		return err
	}
	return out.Flush()
}

func stateHeader(name string) []byte {
	h := binary.BigEndian.AppendUint16([]byte(stateMagic), stateVersion)
	h = binary.BigEndian.AppendUint16(h, uint16(len(name)))
	return append(h, name...)
}

// syncFolder has the names in a folder on the disk.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// errDamaged says that a state file is not as it was written.
var errDamaged = errors.New("the state file is damaged")

// ReadState gives a sensor that is open, and has not taken a frame, the state in path; none where there is no such file. A file that is
// damaged, or of another version, is set aside under the name that is returned, and the sensor starts empty. An error is what an operator
// must mend. With must be what WriteState was given, new; where a file was set aside it may be half loaded.
func ReadState(path string, s *Sensor, with ...State) (setAside string, err error) {
	if err := s.takesState(); err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the state file (give this user the right to read it, or name another): %w", err)
	}
	err = readState(f, s, with)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if !errors.Is(err, errDamaged) {
		return "", err
	}
	return putAside(path)
}

// readState goes over the file twice: nothing is decoded before all of it was found as it was written.
func readState(f *os.File, s *Sensor, with []State) error {
	body, err := bodyOf(f)
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(body, 1<<18)
	name, err := readStateHeader(in)
	if err != nil {
		return err
	}
	if name != s.config.Event.Sensor {
		return fmt.Errorf("read the state file %s: it is of sensor %q, this is %q; give that name (--sensor) or another file (--state)", f.Name(), name, s.config.Event.Sensor)
	}
	if err := s.LoadState(in); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	if err := readRest(in, with); err != nil {
		s.forget()
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}

// readRest reads what follows the sensor's state, to the end.
func readRest(in *bufio.Reader, with []State) error {
	dec := gob.NewDecoder(in) // in is an io.ByteReader: gob reads no octet more than it decodes
	for _, part := range with {
		if err := part.Load(dec); err != nil {
			return err
		}
	}
	if _, err := in.ReadByte(); err == nil {
		return errors.New("something follows the state")
	}
	return nil
}

// bodyOf gives what stands before the sum, if that is right.
func bodyOf(f *os.File) (io.Reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the state file: %w", err)
	}
	size := info.Size() - sha256.Size
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read the state file %s: it is no file; name another", f.Name())
	}
	sum := sha256.New()
	if size < int64(len(stateHeader(""))) {
		return nil, errDamaged
	}
	if err := sumMatches(f, size, sum); err != nil {
		return nil, err
	}
	return io.NewSectionReader(f, 0, size), nil
}

func sumMatches(f *os.File, size int64, sum hash.Hash) error {
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, size)); err != nil {
		return fmt.Errorf("read the state file: %w", err)
	}
	var told [sha256.Size]byte
	if _, err := f.ReadAt(told[:], size); err != nil {
		return fmt.Errorf("read the state file: %w", err)
	}
	if !bytes.Equal(told[:], sum.Sum(nil)) {
		return errDamaged
	}
	return nil
}

// readStateHeader reads what stands before the state and gives the sensor's name.
func readStateHeader(in io.Reader) (name string, err error) {
	var h struct {
		Magic   [len(stateMagic)]byte
		Version uint16
		Name    uint16
	}
	if err := binary.Read(in, binary.BigEndian, &h); err != nil || string(h.Magic[:]) != stateMagic || h.Version != stateVersion || h.Name > maxStateName {
		return "", errDamaged
	}
	b := make([]byte, h.Name)
	if _, err := io.ReadFull(in, b); err != nil {
		return "", errDamaged
	}
	return string(b), nil
}

// maxAside is how many damaged files are kept.
const maxAside = 1000

// putAside gives a damaged file the first free name of path.damaged-1, -2, ...
func putAside(path string) (name string, err error) {
	for n := 1; n <= maxAside; n++ {
		name = path + ".damaged-" + strconv.Itoa(n)
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.Rename(path, name); err != nil {
			return "", fmt.Errorf("set the damaged state file aside (its folder must be writable, or move it by hand): %w", err)
		}
		return name, nil
	}
	return "", fmt.Errorf("set the damaged state file %s aside: there are %d already; look why, and delete them", path, maxAside)
}
