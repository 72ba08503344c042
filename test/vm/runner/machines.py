"""The machine shapes: which NUMA nodes a guest has, and how that is said to QEMU."""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Node:
    """One NUMA node: its OS index, memory in MiB (0: none), QEMU's range of CPU numbers (None: no CPU)."""

    index: int
    mib: int
    cpus: str | None = None
    initiator: int | None = None


@dataclass(frozen=True)
class Link:
    """What HMAT says about the way from one initiator node to one target node."""

    initiator: int
    target: int
    latency_ns: int
    bandwidth: str


@dataclass(frozen=True)
class Shape:
    """A machine. `smp` is the number of CPUs, or QEMU's whole -smp text where that is not enough."""

    description: str
    nodes: tuple[Node, ...]
    smp: int | str
    distances: dict[tuple[int, int], int] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    extra: tuple[str, ...] = ()

    def smp_argument(self) -> str:
        """One socket per node with CPUs, so that the guest's scheduler sees a plausible machine."""
        if isinstance(self.smp, str):
            return self.smp
        sockets = sum(1 for node in self.nodes if node.cpus is not None)
        if self.smp % sockets == 0:
            return f'{self.smp},sockets={sockets},cores={self.smp // sockets},threads=1'
        return f'{self.smp},sockets={self.smp}'

    def qemu_arguments(self) -> list[str]:
        """The arguments that describe memory, CPUs, distances and HMAT."""
        total = sum(node.mib for node in self.nodes)
        arguments = ['-smp', self.smp_argument(), '-m', f'{total}M']
        for node in self.nodes:
            text = f'node,nodeid={node.index}'
            if node.cpus is not None:
                text += f',cpus={node.cpus}'
            if node.mib:
                arguments += ['-object', f'memory-backend-ram,id=m{node.index},size={node.mib}M']
                text += f',memdev=m{node.index}'
            if node.initiator is not None:
                text += f',initiator={node.initiator}'
            arguments += ['-numa', text]
        for (source, target), value in self.distances.items():
            arguments += ['-numa', f'dist,src={source},dst={target},val={value}']
        for link in self.links:
            way = f'hmat-lb,initiator={link.initiator},target={link.target},hierarchy=memory'
            arguments += ['-numa', f'{way},data-type=access-latency,latency={link.latency_ns}']
            arguments += ['-numa', f'{way},data-type=access-bandwidth,bandwidth={link.bandwidth}']
        return arguments + list(self.extra)


def _one_cpu_each(count: int, mib: int) -> tuple[Node, ...]:
    return tuple(Node(index, mib, str(index)) for index in range(count))


def _symmetric(distances: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    return distances | {(target, source): value for (source, target), value in distances.items()}


def _ring(count: int) -> dict[tuple[int, int], int]:
    """Distance 20 to a neighbour, 10 more for each further step."""
    result = {}
    for source in range(count):
        for target in range(count):
            steps = min((source - target) % count, (target - source) % count)
            if steps:
                result[source, target] = 10 + 10 * steps
    return result


def _two_sockets(count: int) -> dict[tuple[int, int], int]:
    """Distance 12 inside a half of the nodes, 32 across."""
    half = count // 2
    pairs = [(a, b) for a in range(count) for b in range(count) if a != b]
    return {(a, b): 12 if a // half == b // half else 32 for a, b in pairs}


SHAPES: dict[str, Shape] = {
    'n1': Shape('one node, 2 CPUs', (Node(0, 768, '0-1'),), smp=2),
    'n2': Shape('2 equal nodes, 1 CPU each', _one_cpu_each(2, 512), smp=2, distances=_ring(2)),
    'n2x2': Shape(
        '2 equal nodes, 2 CPUs each',
        (Node(0, 512, '0-1'), Node(1, 512, '2-3')),
        smp=4,
        distances=_ring(2),
    ),
    'ring4': Shape(
        '4 nodes of 320 MiB, 1 CPU each, ring distances 20/30',
        _one_cpu_each(4, 320),
        smp=4,
        distances=_ring(4),
    ),
    'ring4b': Shape(
        '4 nodes of 1 GiB, 1 CPU each, ring distances 20/30 (the demo)',
        _one_cpu_each(4, 1024),
        smp=4,
        distances=_ring(4),
    ),
    'n8': Shape(
        '8 nodes, 1 CPU each, two sockets of 4 (12 inside, 32 across)',
        _one_cpu_each(8, 256),
        smp=8,
        distances=_two_sockets(8),
    ),
    'hbm': Shape(
        'DRAM with CPUs (0), small fast memory (1), big slow memory (2), HMAT',
        (Node(0, 768, '0-1', initiator=0), Node(1, 256, initiator=0), Node(2, 768, initiator=0)),
        smp=2,
        distances=_symmetric({(0, 1): 13, (0, 2): 28, (1, 2): 30}),
        links=(Link(0, 0, 100, '200G'), Link(0, 1, 120, '800G'), Link(0, 2, 300, '50G')),
    ),
    'cpuless': Shape(
        '2 nodes with a CPU each, memory-only node 2 near node 1, HMAT',
        (Node(0, 512, '0', initiator=0), Node(1, 512, '1', initiator=1), Node(2, 256, initiator=1)),
        smp=2,
        distances={(0, 1): 21, (0, 2): 31, (1, 2): 17},
        links=(
            Link(0, 0, 100, '100G'),
            Link(0, 1, 200, '50G'),
            Link(0, 2, 300, '25G'),
            Link(1, 1, 100, '100G'),
            Link(1, 0, 200, '50G'),
            Link(1, 2, 150, '200G'),
        ),
    ),
    'memless': Shape(
        '3 nodes with a CPU each; node 1 has no memory',
        (Node(0, 512, '0'), Node(1, 0, '1'), Node(2, 512, '2')),
        smp=3,
        distances=_symmetric({(0, 1): 20, (0, 2): 30, (1, 2): 15}),
    ),
    'sparse': Shape(
        'nodes 0 and 2, 1 CPU each, no node 1',
        (Node(0, 512, '0'), Node(1, 0, '1'), Node(2, 512, '2')),
        # Node 1 holds only an absent, hot-pluggable CPU: the guest never brings it online.
        smp='1,maxcpus=3,sockets=3,cores=1,threads=1',
        distances=_symmetric({(0, 1): 20, (0, 2): 30, (1, 2): 20}),
        extra=('-device', 'qemu64-x86_64-cpu,socket-id=2,core-id=0,thread-id=0'),
    ),
    'sparsem': Shape(
        'nodes 0 (2 CPUs) and 2 (memory only), no node 1',
        (Node(0, 512, '0-1'), Node(1, 0, '2'), Node(2, 512)),
        smp='2,maxcpus=3,sockets=3,cores=1,threads=1',
        distances=_symmetric({(0, 1): 20, (0, 2): 30, (1, 2): 20}),
    ),
    'tiny': Shape(
        'node 0 of 640 MiB, and two of 64 MiB to exhaust (1 has a CPU, 2 has none)',
        (Node(0, 640, '0'), Node(1, 64, '1'), Node(2, 64)),
        smp=2,
        distances=_symmetric({(0, 1): 20, (0, 2): 30, (1, 2): 20}),
    ),
}
