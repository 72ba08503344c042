"""The archive writer, read back field by field."""
import os
import stat
import tempfile
import unittest

from runner.cpio import CpioArchive


def entries(data: bytes) -> dict[str, tuple[int, bytes]]:
    """name -> (mode, contents)."""
    result = {}
    position = 0
    while True:
        assert data[position : position + 6] == b'070701'
        fields = [int(data[position + 6 + 8 * i : position + 14 + 8 * i], 16) for i in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = data[position + 110 : position + 110 + name_size - 1].decode()
        start = (position + 110 + name_size + 3) & ~3
        position = (start + size + 3) & ~3
        if name == 'TRAILER!!!':
            return result
        assert name not in result
        result[name] = (mode, data[start : start + size])


class Cpio(unittest.TestCase):
    def test_parents_come_first_and_once(self) -> None:
        archive = CpioArchive()
        archive.add_file('/a/b/c', b'xyz', 0o755)
        archive.add_file('/a/b/d', b'')
        found = entries(archive.finish())
        self.assertEqual(list(found), ['a', 'a/b', 'a/b/c', 'a/b/d'])
        self.assertTrue(stat.S_ISDIR(found['a'][0]))
        self.assertEqual(found['a/b/c'], (stat.S_IFREG | 0o755, b'xyz'))

    def test_the_first_of_a_name_wins(self) -> None:
        archive = CpioArchive()
        archive.add_file('x', b'1')
        archive.add_file('/x', b'2')
        self.assertEqual(entries(archive.finish())['x'][1], b'1')

    def test_a_link_holds_its_target(self) -> None:
        archive = CpioArchive()
        archive.add_link('/bin/sh', 'busybox')
        self.assertEqual(entries(archive.finish())['bin/sh'], (stat.S_IFLNK | 0o777, b'busybox'))

    def test_host_files_keep_their_executable_bit(self) -> None:
        archive = CpioArchive()
        with tempfile.NamedTemporaryFile() as file:
            file.write(b'program')
            file.flush()
            os.chmod(file.name, 0o700)
            archive.add_host_file(file.name, '/p')
            os.chmod(file.name, 0o600)
            archive.add_host_file(file.name, '/q')
        found = entries(archive.finish())
        self.assertEqual(found['p'], (stat.S_IFREG | 0o755, b'program'))
        self.assertEqual(found['q'], (stat.S_IFREG | 0o644, b'program'))

    def test_the_length_is_a_multiple_of_512(self) -> None:
        archive = CpioArchive()
        archive.add_file('x', b'12345')
        self.assertEqual(len(archive.finish()) % 512, 0)


if __name__ == '__main__':
    unittest.main()
