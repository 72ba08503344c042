"""Chromium without a window, for tests of pages."""
import subprocess
import tempfile

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--enable-logging=stderr",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"]


def browse(chromium, url, *args, timeout):
    """Its standard output, and the lines that a page wrote to the console, errors of scripts among them."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run([chromium, *FLAGS, f"--user-data-dir={profile}", *args, url],
                              capture_output=True, text=True, timeout=timeout, check=True)
    return done.stdout, [line.partition("CONSOLE:")[2] for line in done.stderr.splitlines() if "CONSOLE:" in line]
