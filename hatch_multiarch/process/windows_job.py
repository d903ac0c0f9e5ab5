"""Job objects of Windows: a process and all that it starts, ended together.

Windows has no process groups that a signal reaches, and ending a process leaves its children
running (Microsoft, *Job Objects*).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.CreateJobObjectW.restype = wintypes.HANDLE
    _kernel32.CreateJobObjectW.argtypes = (wintypes.LPVOID, wintypes.LPCWSTR)
    _kernel32.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
    _kernel32.TerminateJobObject.argtypes = (wintypes.HANDLE, wintypes.UINT)
    _kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)

    class Job:
        """The job that *child* and the processes it starts belong to."""

        def __init__(self, child: subprocess.Popen[str]) -> None:
            self._handle = _kernel32.CreateJobObjectW(None, None)
            # Refused where the process has ended already.
            _kernel32.AssignProcessToJobObject(self._handle, int(child._handle))  # noqa: SLF001

        def end(self) -> None:
            """End all processes of the job."""
            _kernel32.TerminateJobObject(self._handle, 1)

        def close(self) -> None:
            """Let the processes that still run go on without it."""
            _kernel32.CloseHandle(self._handle)
