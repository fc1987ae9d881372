"""Tables made from a formula and a seed: small problems on which one sees what a network can learn."""
