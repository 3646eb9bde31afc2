"""Runs a program as someone other than root, without adding a user and without changing a mode outside the checkout.

PostgreSQL refuses to run as root. Two ways, tried in this order:

* `namespace`: in a user namespace in which root is called by another number. Files stay root's, the program can reach
  what root owns (a checkout under a closed /root too), and it has no capability at all.
* `number`: where such a namespace is forbidden (many containers), as the system's user `daemon`, which keeps only the
  right to pass closed folders. The program's own folders are given to that user.

Usage, as a program of its own, because both ways want a process with a single thread:
    python unprivileged.py namespace|number <program> <arguments>
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys

_CLONE_NEWUSER = 0x10000000
_PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 8, 47, 2
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_CAPABILITY_VERSION_3 = 0x20080522


def main() -> None:
    """Changes who we are, then becomes the program."""
    way, program, *arguments = sys.argv[1:]
    (_enter_namespace if way == "namespace" else _become_number)()
    os.execv(program, [program, *arguments])  # noqa: S606 - the point of this file


def number() -> int:
    """The user to be: one that has a name, since initdb insists on it, and that exists everywhere already."""
    names = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0}
    return names.get("daemon") or next(iter(names.values()))


def _enter_namespace() -> None:
    library = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if library.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no user namespace")
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{number()} {user} 1"),
        ("gid_map", f"{number()} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(content)


def _become_number() -> None:
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    chosen = number()
    os.setgroups([])
    os.setresgid(chosen, chosen, chosen)
    os.setresuid(chosen, chosen, chosen)
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if _keep(library, capability):
            return


def _keep(library: ctypes.CDLL, capability: int) -> bool:
    """Narrows our capabilities to one that survives exec; False if this machine does not have it to give."""
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    current = (ctypes.c_uint32 * 6)()
    library.capget(header, current)
    if not current[1] & bit:
        return False
    wanted = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if library.capset(header, wanted) != 0:
        return False
    return bool(library.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0)


if __name__ == "__main__":
    main()
