"""Keeps one embedded PostgreSQL server up for as long as any process uses it; started by postgres.py, never by hand.

    python -I -S postgres_keeper.py LOCK_FILE DATA UID GID POSTGRES_PROGRAM OPTION …

Every user of the server holds a shared lock on LOCK_FILE. The kernel drops a process's locks however it dies, so an
exclusive lock means that nobody is left: the server is then stopped. UID and GID are -1 for the caller's own.
Standard library alone, so that it starts in milliseconds; it must be importable by any Python that runs the service.
"""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _die_with_keeper() -> None:
    """In the server's process, after it changed user (which clears the setting): if the keeper dies, shut down fast."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGINT))


def _stop_when_unused(lock_file: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until nobody holds the lock, then ask for a fast shutdown: sessions end, everything committed is kept."""
    # The starter closes our input once it holds its own shared lock (or has died): only then is the lock meaningful.
    os.read(0, 1)
    with open(lock_file, "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server.send_signal(signal.SIGINT)
        server.wait()


def main(lock_file: str, data: str, uid: int, gid: int, command: list[str]) -> int:
    """Run the server until it is unused or ends by itself; return its exit status."""
    signal.signal(signal.SIGTERM, lambda *_: server.send_signal(signal.SIGINT))
    identity = {"user": uid, "group": gid, "extra_groups": []} if uid >= 0 else {}
    # The keeper has one thread here, which is what makes preexec_fn safe.
    server = subprocess.Popen(  # type: ignore[call-overload]
        command,
        cwd=data,
        stdin=subprocess.DEVNULL,
        preexec_fn=_die_with_keeper,  # noqa: PLW1509 - see above
        **identity,
    )
    threading.Thread(target=_stop_when_unused, args=(lock_file, server), daemon=True).start()
    return int(server.wait())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:]))
