"""The guest's line: control lines and output, however they are cut into pieces."""
import base64
import unittest

from runner.cases import make_case
from runner.protocol import CappedOutput, GuestListener
from runner.verdicts import NOT_RUN, judge

_TALK = b"""noise
@@T ready 6.1.0
@@T begin 0
one
@@X begin 7
two@@T end 0 3 1 0
@@T setup 1 cannot write zz
@@T begin 2
@@T end 2 137 0 1
@@T done
"""


class Protocol(unittest.TestCase):
    def check(self, listener: GuestListener) -> None:
        self.assertEqual((listener.state, listener.release, listener.current), ('done', '6.1.0', None))
        first, second, third = (listener.runs[number] for number in range(3))
        self.assertEqual(first.output.text(), 'one\n@@X begin 7\ntwo')
        self.assertEqual((first.status, first.oom_kills, first.timed_out), (3, 1, False))
        self.assertEqual(second.setup_problem, 'cannot write zz')
        self.assertEqual((third.status, third.timed_out), (137, True))

    def test_in_one_piece(self) -> None:
        listener = GuestListener('T')
        listener.feed(_TALK, 1.0)
        self.check(listener)

    def test_byte_by_byte(self) -> None:
        listener = GuestListener('T')
        for position in range(len(_TALK)):
            listener.feed(_TALK[position : position + 1], 1.0)
        self.check(listener)

    def test_a_case_that_never_ends_has_no_status(self) -> None:
        listener = GuestListener('T')
        listener.feed(b'@@T ready 6.1\n@@T begin 0\nhalf', 1.0)
        self.assertIsNone(listener.runs[0].status)
        self.assertEqual((listener.state, listener.last_case()), ('ready', 0))

    def test_a_case_that_never_began_did_not_run(self) -> None:
        listener = GuestListener('T')
        listener.feed(b'@@T end 0 0 0 0\n', 1.0)
        self.assertEqual(judge(make_case({}, 'true'), listener.runs[0]).verdict, NOT_RUN)

    def test_seconds(self) -> None:
        listener = GuestListener('T')
        listener.feed(b'@@T begin 0\n', 1.0)
        listener.feed(b'@@T end 0 0 0 0\n', 3.5)
        self.assertEqual(listener.runs[0].seconds, 2.5)

    def test_output_is_passed_on_as_it_comes(self) -> None:
        seen = []
        listener = GuestListener('T', seen.append)
        listener.feed(b'@@T begin 0\na\nb\n', 1.0)
        self.assertEqual(seen, [b'a\n', b'b\n'])

    def test_the_archive_is_put_together(self) -> None:
        listener = GuestListener('T')
        listener.feed(b'@@T out\n' + base64.encodebytes(b'x' * 100) + b'@@T done\n', 1.0)
        self.assertEqual(listener.archive(), b'x' * 100)

    def test_long_output_keeps_both_ends(self) -> None:
        output = CappedOutput(limit=8)
        for byte in b'abcdefghijkl':
            output.add(bytes([byte]))
        self.assertEqual(output.text(), 'abcd\n[... 4 bytes left out ...]\nijkl')


if __name__ == '__main__':
    unittest.main()
