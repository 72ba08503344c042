"""Writes cpio archives of the "newc" kind, which the kernel unpacks as its first file system."""
import os
import stat


class CpioArchive:
    """Files, directories and symbolic links; parent directories appear by themselves.

    The first entry of a name wins, later ones are ignored.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._next_inode = 1
        self._names: set[str] = set()

    def add_directory(self, path: str, mode: int = 0o755) -> None:
        self._add(path, stat.S_IFDIR | mode, b'')

    def add_file(self, path: str, data: bytes, mode: int = 0o644) -> None:
        self._add(path, stat.S_IFREG | mode, data)

    def add_link(self, path: str, target: str) -> None:
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def add_host_file(self, source: str, path: str) -> None:
        """Copies a file of this machine; it is executable in the guest if it is so here."""
        mode = 0o755 if os.access(source, os.X_OK) else 0o644
        with open(source, 'rb') as file:
            self.add_file(path, file.read(), mode)

    def finish(self) -> bytes:
        """The whole archive; nothing can be added afterwards."""
        self._entry('TRAILER!!!', 0, b'')
        self._pad(512)
        return bytes(self._bytes)

    def _add(self, path: str, mode: int, data: bytes) -> None:
        name = path.strip('/')
        if not name or name in self._names:
            return
        parent = os.path.dirname(name)
        if parent:
            self.add_directory(parent)
        self._names.add(name)
        self._entry(name, mode, data)

    def _entry(self, name: str, mode: int, data: bytes) -> None:
        encoded = name.encode() + b'\0'
        links, owner, group, time = 1, 0, 0, 0
        device = (0, 0, 0, 0)
        fields = (self._next_inode, mode, owner, group, links, time, len(data), *device, len(encoded), 0)
        self._next_inode += 1
        self._bytes += b'070701' + b''.join(b'%08X' % value for value in fields) + encoded
        self._pad(4)
        self._bytes += data
        self._pad(4)

    def _pad(self, alignment: int) -> None:
        self._bytes += b'\0' * (-len(self._bytes) % alignment)
