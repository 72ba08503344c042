"""What programs write to a terminal, for the tests beside this file."""
import os


def read_all(terminal):
    """What was written to the other side, up to its end; closes ours.

    One read is not enough, though everybody has written and gone: the kernel hands each write over in its own time
    (drivers/tty/tty_buffer.c, a work queue), and a read gives what has arrived.
    """
    text = b""
    try:
        while part := os.read(terminal, 65536):
            text += part
    except OSError:  # EIO: the last user of the other side is gone
        pass
    os.close(terminal)
    return text
