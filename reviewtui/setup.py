"""What `reviewtui init` writes: .reviewtui/ from what is found here and the user's own key, and the notes refspecs."""

from __future__ import annotations

import re
from collections.abc import Iterable

import yaml

from reviewtui.errors import NoSigningKeyError, UsageError
from reviewtui.git.objects import Ref
from reviewtui.git.worktree import WorkTree
from reviewtui.patterns import pattern
from reviewtui.policy.model import POLICY_FILE
from reviewtui.project import Project
from reviewtui.review import is_principal
from reviewtui.settings import ALLOWED_SIGNERS_FILE, CONFIG_FILE, OPENPGP_DIRECTORY, X509_DIRECTORY
from reviewtui.signing.scheme import Signer
from reviewtui.signing.ssh_keys import text_of_key
from reviewtui.values import dataclass

NOTES_REFSPEC = "+refs/notes/reviewtui/*:refs/notes/reviewtui-remotes/{remote}/*"
_COMMIT_MESSAGE = "Set up signed review of model versions"
_REMOTE_BRANCH = pattern(r"refs/remotes/[^/]+/(main|master)\Z")
_SECOND_PERSON = (
    "Nobody's approval counts for their own work, nor for their change of the settings: {when} "
    "add a second person to policy.yaml and their key to allowed_signers."
)


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """What would be written: (path, text) of each file below the work tree, and (key, value) of Git's config."""

    files: tuple[tuple[str, str], ...]
    config: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    branch: str
    waiting: tuple[str, ...] = ()
    """Files that are here and not committed, while the trusted branch has no settings yet."""

    def write(self, project: Project, *, commit: bool) -> tuple[str, ...]:
        """Write it all, and give the paths. Raises: UsageError, GitError."""
        tree = _work_tree(project)
        for path, text in self.files:
            tree.write(path, text)
        for key, value in self.config:
            tree.add_config(key, value)
        paths = tuple(path for path, _ in self.files)
        if commit and (paths or self.waiting):
            tree.commit((*paths, *self.waiting), _COMMIT_MESSAGE)
        return paths

    def next_step(self, *, committed: bool) -> str:
        """The one thing to do now."""
        there = "The settings are there already." + (" Git's config was added to." if self.config else "")
        there += " reviewtui doctor says what else is missing."
        if not self.files and not self.waiting:
            return there
        if committed:
            first = _SECOND_PERSON.format(when="before you push,")
            return f"Committed. {first}\nThen push the branch, and the settings are in force for everybody."
        return (
            ("" if self.files else f"{there}\n") + _SECOND_PERSON.format(when="first of all,") + "\n"
            f"Then commit them to {self.branch} to put them in force:\n"
            f'  git add .reviewtui && git commit -m "{_COMMIT_MESSAGE}"'
        )


def plan_setup(project: Project, *, force: bool) -> SetupPlan:
    """What `reviewtui init` would write here. Files that are there stay, unless `force`.

    Raises: UsageError in a bare repository; NoSigningKeyError where Git has no key.
    """
    repository, tree = project.repository, _work_tree(project)
    signer = project.signer()
    email = repository.identity().email
    if not is_principal(email):
        raise NoSigningKeyError(f"{email} cannot name a reviewer.", hint="git config user.email you@example.com")
    name = certified_name(signer) or email
    trusted = repository.trusted_branch(project.refs)
    elsewhere = branch_elsewhere(project.refs) if trusted is None else ""
    if elsewhere and not repository.config("reviewtui.trustedBranch"):
        words = f"There is no trusted branch here, and a remote has {elsewhere}: its settings would be written anew."
        raise UsageError(words, hint=f"git switch {elsewhere}")
    wanted = [
        (CONFIG_FILE, _config_text(project)),
        (POLICY_FILE, _policy_text(name)),
        _signer_file(signer, name),
    ]
    kept = [path for path, _ in wanted if not force and tree.holds(path)]
    specs = [(f"remote.{name}.fetch", NOTES_REFSPEC.format(remote=name)) for name in repository.remotes()]
    missing = tuple((key, value) for key, value in specs if value not in repository.config_all(key))
    return SetupPlan(
        tuple((path, text) for path, text in wanted if path not in kept),
        missing,
        (
            *(f"kept as it is: {path}" for path in kept),
            *(f"for this clone's Git config: {key} = {value}" for key, value in missing),
        ),
        trusted.name.removeprefix("refs/heads/") if trusted else "main",
        () if project.settings.exists else tree.uncommitted(kept),
    )


def branch_elsewhere(refs: Iterable[Ref]) -> str:
    """The name of the branch, main else master, that some remote has; "" where none has: `git clone` checks out no
    branch where the remote's HEAD names one that it does not have."""
    names = {ref.name.rpartition("/")[2] for ref in refs if _REMOTE_BRANCH.match(ref.name)}
    return min(names, default="")


def plain_name(identity: str) -> str:
    """A repository's identity as the settings accept it: a path as origin may begin with dots or hold blanks."""
    plain = re.sub(r"[^A-Za-z0-9._~:/@+-]+", "-", identity)
    return re.sub(r"\A[^A-Za-z0-9]+", "", plain)[:254] or "repository"


def _work_tree(project: Project) -> WorkTree:
    if project.repository.work_tree is None:
        raise UsageError("A bare repository has no files to write to.", hint="Run reviewtui init in a clone.")
    return WorkTree(project.repository, project.repository.work_tree)


def _config_text(project: Project) -> str:
    models = {name: {"path": path} for name, path in project.library.model_paths()}
    config = {"repository": plain_name(project.identity), "models": models}
    lines = [
        "# What reviewtui reads of this repository. Each model may also list globs for",
        "# config, metrics, data and environment; left out, they are discovered.",
        yaml.safe_dump(config, sort_keys=False, allow_unicode=True).rstrip("\n"),
    ]
    return "\n".join(lines) + "\n"


def _policy_text(email: str) -> str:
    return f"""\
# Who must approve before a version can be released. `version` grows with every change.
version: 1
people:
  {email}: {{roles: [reviewer]}}
  # Add a second person, with a key in allowed_signers, before this is in force: nobody's approval counts for their
  # own work, or for their own change of these settings.
releases:
  - models: ["*"]
    approvals:
      - {{count: 1, roles: [reviewer]}}
    exclude: [author, committer, coauthor]
releasers: {{roles: [reviewer]}}
policy_changes: {{approvals: [{{count: 1, roles: [reviewer]}}]}}
"""


def certified_name(signer: Signer) -> str:
    """The one e-mail address in the SSH certificate that the signer signs with; "" where there is none, or more."""
    words = signer.certificate.principals if signer.certificate is not None else ()
    names = [name for word in words if is_principal(name := word.decode("ascii", "replace"))]
    return names[0] if len(names) == 1 else ""


def signer_line(signer: Signer, name: str) -> str:
    """The line of allowed_signers that trusts a signer: their key, or for this one name the authority that certified
    it, because whoever signs with a certificate does not count by the plain key."""
    if signer.certificate is None:
        return f'{name} namespaces="reviewtui,git" {signer.public_key()}'
    return f'{name} cert-authority,namespaces="reviewtui,git" {text_of_key(signer.certificate.authority)}'


def _signer_file(signer: Signer, email: str) -> tuple[str, str]:
    public_key = signer.public_key()
    if public_key.startswith("-----BEGIN PGP"):
        return f"{OPENPGP_DIRECTORY}/{_file_name(email)}.asc", public_key
    if public_key.startswith("-----BEGIN CERTIFICATE"):
        return f"{X509_DIRECTORY}/{_file_name(email)}.pem", public_key
    return ALLOWED_SIGNERS_FILE, f"{signer_line(signer, email)}\n"


def _file_name(email: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "_", email)
