"""A version's tree → VersionFacts: its configuration, metrics, data digests and environment."""
