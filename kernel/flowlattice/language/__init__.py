"""What an author writes, and how it is read and loaded. `flowlattice` itself exports the authoring names."""
