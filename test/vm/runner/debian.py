"""Downloads and unpacks Debian packages without installing them, as any user, with private apt lists."""
import os
import re
import subprocess
import tempfile

_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
_DEFAULT_MIRROR = 'http://deb.debian.org/debian'

# How the compressed kernel inside a bzImage may begin, and what unpacks it.
_COMPRESSIONS = (
    (b'\x28\xb5\x2f\xfd', 'zstd'),
    (b'\x02\x21\x4c\x18', 'lz4'),
    (b'\xfd7zXZ\0', 'xz'),
    (b'\x1f\x8b\x08', 'gzip'),
)


class PackageError(RuntimeError):
    """A package could not be had; `may_pass` says whether trying again makes sense."""

    def __init__(self, message: str, may_pass: bool = True) -> None:
        super().__init__(message)
        self.may_pass = may_pass


def _run(command: list[str], directory: str | None = None) -> str:
    try:
        run = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=600)
    except FileNotFoundError:
        raise PackageError(f'{command[0]} is not installed', may_pass=False) from None
    except subprocess.TimeoutExpired:
        raise PackageError(f'{command[0]} took too long') from None
    if run.returncode != 0:
        lines = run.stderr.strip().splitlines() or [f'status {run.returncode}']
        raise PackageError(f'{command[0]}: {lines[-1]}')
    return run.stdout


def _mirror() -> str:
    """The mirror this machine already uses for Debian."""
    try:
        uris = _run(['apt-get', 'indextargets', '--format', '$(REPO_URI)']).split()
    except PackageError:
        uris = []
    debian = [uri for uri in uris if re.search(r'/debian/?$', uri)]
    return debian[0] if debian else _DEFAULT_MIRROR


class PackageSource:
    """apt with lists and cache in a temporary directory. Use in a `with` statement."""

    def __init__(self, suites: list[str]) -> None:
        self._suites = suites

    def __enter__(self) -> 'PackageSource':
        self._temporary = tempfile.TemporaryDirectory(prefix='acre-apt.')
        try:
            self._prepare(self._temporary.name)
        except BaseException:
            self._temporary.cleanup()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._temporary.cleanup()

    def _prepare(self, root: str) -> None:
        self._downloads = os.path.join(root, 'downloads')
        self._unpacked = os.path.join(root, 'unpacked')
        lists = os.path.join(root, 'lists')
        cache = os.path.join(root, 'cache')
        for path in (self._downloads, self._unpacked, f'{lists}/partial', f'{cache}/archives/partial'):
            os.makedirs(path)
        sources = os.path.join(root, 'sources.list')
        mirror = _mirror()
        with open(sources, 'w') as file:
            for suite in self._suites:
                file.write(f'deb [arch=amd64 signed-by={_KEYRING}] {mirror} {suite} main\n')
        settings = {
            'Dir::Etc::sourcelist': sources,
            'Dir::Etc::sourceparts': '-',
            'Dir::State::lists': lists,
            'Dir::Cache': cache,
            'APT::Sandbox::User': 'root',
            'APT::Update::Error-Mode': 'any',
            'Acquire::Languages': 'none',
        }
        self._options = [word for key, value in settings.items() for word in ('-o', f'{key}={value}')]
        _run(['apt-get', *self._options, '-qq', 'update'])

    def dependency(self, package: str, pattern: str) -> str:
        """The name of the first package that `package` depends on and that matches."""
        output = _run(['apt-cache', *self._options, 'depends', package])
        found = re.search(rf'Depends: ({pattern})$', output, re.MULTILINE)
        if not found:
            raise PackageError(f'{package} depends on nothing like {pattern}', may_pass=False)
        return found.group(1)

    def unpack(self, packages: list[str]) -> str:
        """Downloads the packages and unpacks them all into one directory, which it returns."""
        _run(['apt-get', *self._options, '-qq', 'download', *packages], self._downloads)
        for name in sorted(os.listdir(self._downloads)):
            _run(['dpkg-deb', '-x', os.path.join(self._downloads, name), self._unpacked])
        return self._unpacked


def find_file(root: str, directory: str, prefix: str) -> str:
    path = os.path.join(root, directory)
    names = sorted(name for name in os.listdir(path) if name.startswith(prefix))
    if not names:
        raise PackageError(f'the package has no {directory}/{prefix}*', may_pass=False)
    return os.path.join(path, names[-1])


def extract_vmlinux(image: str, target: str) -> None:
    """Takes the ELF kernel out of a bzImage, so that QEMU can enter it directly (PVH)."""
    with open(image, 'rb') as file:
        data = file.read()
    missing = []
    for magic, tool in _COMPRESSIONS:
        position = data.find(magic)
        while position >= 0:
            try:
                run = subprocess.run([tool, '-dc'], input=data[position:], capture_output=True)
            except FileNotFoundError:
                missing.append(tool)
                break
            if run.stdout[:4] == b'\x7fELF':
                with open(target, 'wb') as file:
                    file.write(run.stdout)
                return
            position = data.find(magic, position + 1)
    hint = f' (not installed: {", ".join(missing)})' if missing else ''
    raise PackageError(f'found no kernel inside {os.path.basename(image)}{hint}', may_pass=False)


def require_libraries(program: str) -> None:
    """An unpacked program uses the libraries of this machine: they must all be there."""
    missing = re.findall(r'(\S+) => not found', _run(['ldd', program]))
    if missing:
        raise PackageError(
            f'the unpacked QEMU lacks {", ".join(missing)} (Debian package qemu-system-x86)', may_pass=False
        )
