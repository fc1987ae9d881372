"""The same networks in PyTorch, step by step beside ours: left out where PyTorch is not installed."""
