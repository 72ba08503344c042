"""The shapes hold together, and QEMU's command line says what they say."""
import unittest

from runner.machines import SHAPES
from runner.qemu import Qemu, QemuError, command_line, kernel_arguments, require_support

_NEW = Qemu('/q/qemu', '/q/data', 10)
_OLD = Qemu('/usr/bin/qemu', '', 7)


class Machines(unittest.TestCase):
    def test_the_promised_shapes_are_there(self) -> None:
        promised = 'n1 n2 n2x2 ring4 ring4b n8 hbm cpuless memless sparse sparsem tiny'
        self.assertLessEqual(set(promised.split()), set(SHAPES))

    def test_distances_and_links_name_existing_nodes(self) -> None:
        for name, shape in SHAPES.items():
            nodes = {node.index for node in shape.nodes}
            with self.subTest(name):
                for source, target in shape.distances:
                    self.assertLessEqual({source, target}, nodes)
                    self.assertNotEqual(source, target)
                for link in shape.links:
                    self.assertLessEqual({link.initiator, link.target}, nodes)

    def test_ring_distances(self) -> None:
        distances = SHAPES['ring4'].distances
        self.assertEqual([distances[0, node] for node in (1, 2, 3)], [20, 30, 20])

    def test_memory_adds_up(self) -> None:
        arguments = SHAPES['tiny'].qemu_arguments()
        self.assertEqual(arguments[arguments.index('-m') + 1], '768M')

    def test_hmat_is_switched_on_where_there_is_one(self) -> None:
        with_hmat = command_line(_NEW, SHAPES['hbm'], '6.12', 'v', 'i', 'c')
        without = command_line(_NEW, SHAPES['n2'], '6.12', 'v', 'i', 'c')
        self.assertIn('pc,hmat=on', with_hmat)
        self.assertIn('pc', without)
        self.assertIn('tcg,thread=single', without)

    def test_an_old_qemu_gets_its_workarounds(self) -> None:
        self.assertIn('clearcpuid=cx16', kernel_arguments(_OLD, '6.12'))
        self.assertNotIn('clearcpuid', kernel_arguments(_OLD, '6.1'))
        self.assertNotIn('clearcpuid', kernel_arguments(_NEW, '6.12'))
        require_support(_NEW, 'sparse', '6.1')
        with self.assertRaises(QemuError):
            require_support(_OLD, 'sparse', '6.1')


if __name__ == '__main__':
    unittest.main()
