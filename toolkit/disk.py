"""What a disk or a folder refuses, in words: full, read-only, not there, opened by another program."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath

from toolkit.problems import Problem, Severity, UsageError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ELOOP})
_OTHERS = frozenset({errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENAMETOOLONG, errno.EBUSY, errno.ENXIO, errno.EINVAL})
_KNOWN = _FULL | _CLOSED | _ABSENT | _OTHERS


@contextmanager
def in_words() -> Iterator[None]:
    """Raise `UsageError` for what a disk or a folder refuses in the body; any other exception passes as it is."""
    try:
        yield
    except OSError as error:
        if error.errno not in _KNOWN:  # a network's, or a pipe's
            raise
        raise UsageError(refused(error)) from error


def refused(error: OSError) -> Problem:
    """What happened to which file, and what to do."""
    if error.errno in _FULL:
        what, do = "The disk is full", "Free some disk space, then run again."
    elif error.errno in _CLOSED:
        what = f"This file or folder may not be read or written ({error.strerror})"
        do = "Make the file and its folder readable and writable for you, close it in other programs, then run again."
    elif error.errno in _ABSENT:
        what = f"Something is missing or in the way ({error.strerror})"
        do = "Put the file or folder where it belongs, then run again."
    else:
        what, do = f"The disk does not answer ({error.strerror})", "Check the disk, then run again."
    return Problem(
        code="disk-full" if error.errno in _FULL else "file-unusable",
        where=_name(error.filename),
        what=f"{what}.",
        why="The run stopped there. Nothing is lost: what was posted until then is in the posting log or is looked up.",
        do=do,
        severity=Severity.FILE,
    )


def _name(path: object) -> str:
    """The file with the folders that tell where it is, as short as it can be understood."""
    parts = PurePath(str(path)).parts[-3:] if path is not None else ()
    return "/".join(parts) or "the company's folder"


_DATABASE = (
    ("full", "the disk is full"),
    ("readonly", "it or its folder is read-only"),
    ("unable to open", "it or its folder may not be opened or written"),
    ("I/O error", "the disk is full or does not answer"),
)
_NEXT_TO_NOTHING = 1 << 20


def of_database(said: object, file: PurePath | str | None = None) -> str:
    """What SQLite says of its file, in a person's words; its own where we have none.

    A full disk may be "I/O error" to it: the free space of `file`'s folder tells.
    """
    if file and "I/O error" in str(said) and _full(PurePath(file).parent):
        return dict(_DATABASE)["full"]
    return next((words for sign, words in _DATABASE if sign in str(said)), str(said))


def _full(folder: PurePath) -> bool:
    try:
        return shutil.disk_usage(folder).free < _NEXT_TO_NOTHING
    except OSError:
        return False
