"""Checkpoints, for verify.py: what stood in the refs when somebody signed a list of them."""

import itertools

from verify_reading import read_checkpoint, seconds

SKEW = 900  # Seconds by which honest clocks may differ.
MOST_TAGS = 300  # New ones that a checkpoint names; the next one names the others.


class Checkpoints:
    """The sound checkpoints among the records, oldest first; `of` is the Verification that asks."""

    def __init__(self, of):
        self.of, self.found = of, []

    def take(self, one):
        """A sound record: it is kept where it is a checkpoint that is not of the future."""
        if read_checkpoint(one) and seconds(one.at) <= self.of.time + SKEW:
            self.found.append(one)
            self.found.sort(key=lambda each: (seconds(each.at), each.id))

    def check(self):
        """4. What somebody saw, and signed, is still there."""
        past = {}
        for one in self.found:
            for ref, target in read_checkpoint(one).items():
                if ref not in past and ref in self.of.history.refs:
                    commits = () if ref.startswith("refs/tags/") else self.of.history.git("rev-list", ref, "--").split()
                    past[ref] = {self.of.history.refs[ref], *commits}
                if target not in past.get(ref, ()):
                    lost = f"{target[:10]} is not here, which {one.reviewer} saw at the checkpoint {one.id}"
                    self.of.wrong.append(f"{ref}: {lost}")
            self.of.proved["checkpoints were compared with what is here"] += 1

    def date(self, ref, told):
        """Yields why a tag whose key is trusted no more is younger than it says, as far as checkpoints tell."""
        about = {"namespace": "git"}
        if self.of.keys.signed_by(told.signed, told.block, self.of.now, at=self.of.time, **about)[0]:
            return

        def trusts(one):
            at = seconds(one.at)
            commit = next((commit for since, _, commit in self.of.epochs if since <= at), None)
            keys = self.of.keys.trusted(commit) if commit else None
            return keys and self.of.keys.signed_by(told.signed, told.block, keys, at=at, **about)[0]

        seen = [(one, read_checkpoint(one), one.told["key"] != told.key) for one in self.found]
        witness = next((one for one, refs, apart in seen if apart and refs.get(ref) == self.of.history.refs[ref]), None)
        if witness and trusts(witness):
            return
        for one, refs, apart in itertools.takewhile(lambda each: ref not in each[1], seen):
            has_room = sum(name.startswith("refs/tags/") for name in refs) < MOST_TAGS
            if apart and has_room and seconds(one.at) > told.at + SKEW and trusts(one):
                yield f"back-dated: its key is trusted no more, and the checkpoint {one.id} did not see it in time"
                return
        self.of.unproved.append(f"That {ref} was made before the trust in its key ended, but by its own word.")
