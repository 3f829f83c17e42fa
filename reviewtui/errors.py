"""Every error a user may see.

ReviewTuiError
├── UsageError                  a command was given words it cannot use
├── GitError
│   ├── GitMissingError         git is not installed, or too old
│   ├── NotARepositoryError
│   ├── UnknownRevisionError
│   ├── GitCommandError         git itself refused
│   └── RefChangedError         a ref moved while it was being written
├── SettingsError               .reviewtui/ cannot be used as it stands
├── UnknownVersionError         no such version, or more than one; offers the nearest names
├── MalformedFileError          one file of one commit cannot be read
├── SigningError
│   ├── NoSigningKeyError
│   └── SigningToolMissingError ssh-keygen or gpg is not installed, or too old
└── ReleaseRefusedError         the gate is closed; carries the decision

Expected negatives (a bad signature, a stale approval, an unmet rule) are values,
not exceptions. What is not a ReviewTuiError is a bug and is never swallowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviewtui.policy.decision import Decision


class ReviewTuiError(Exception):
    """One clear sentence, and optionally the one thing to do about it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ReviewTuiError):
    """A command was given words it cannot use."""


class GitError(ReviewTuiError):
    """Git could not do what was asked."""


class GitMissingError(GitError):
    """Git is not installed, or is older than the oldest release that works."""


class NotARepositoryError(GitError):
    """The directory is not in a Git repository, or Git refuses to read it."""


class UnknownRevisionError(GitError):
    """A name does not resolve to an object."""


class GitCommandError(GitError):
    """A git process ended with an error."""

    def __init__(self, message: str, *, status: int, stderr: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.stderr = stderr


class RefChangedError(GitError):
    """A ref no longer had the value it was read with."""


class SettingsError(ReviewTuiError):
    """A file below .reviewtui/ cannot be used as it stands."""


class UnknownVersionError(ReviewTuiError):
    """No version, or more than one, fits a name."""

    def __init__(self, message: str, *, candidates: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.candidates = candidates


class MalformedFileError(ReviewTuiError):
    """One file of one commit cannot be read."""

    def __init__(self, path: str, commit: str, problem: str) -> None:
        super().__init__(f"{path} at {commit[:10]}: {problem}")
        self.path = path
        self.commit = commit
        self.problem = problem


class SigningError(ReviewTuiError):
    """A signature could not be made."""


class NoSigningKeyError(SigningError):
    """Git has no signing key configured."""


class SigningToolMissingError(SigningError):
    """The program that signs is not installed, or is too old."""


class ReleaseRefusedError(ReviewTuiError):
    """The gate is closed; the decision says why."""

    def __init__(self, message: str, *, decision: Decision | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.decision = decision
