"""What letters, signs and functions are called in LaTeX, in formulas and in words."""

from __future__ import annotations

COMMANDS = {
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "η": r"\eta", "θ": r"\theta",
    "λ": r"\lambda", "μ": r"\mu", "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma", "φ": r"\varphi", "Φ": r"\Phi",
    "ℓ": r"\ell", "∂": r"\partial", "·": r"\cdot", "⊙": r"\odot", "×": r"\times", "−": "-", "←": r"\leftarrow",
    "≤": r"\le", "≥": r"\ge", "≈": r"\approx", "⊤": r"\top", "′": r"\prime", "∞": r"\infty", "…": r"\ldots",
    "σ²": r"\sigma^{2}",
}  # fmt: skip
BRACKETS = {"(": "(", ")": ")", "[": "[", "]": "]", "|": "|", "‖": r"\|", "⌊": r"\lfloor", "⌋": r"\rfloor"}
FUNCTIONS = ("tanh", "log", "max", "min", "cos")
_LAST_LATIN = 0x180
"""From here on, LaTeX knows a letter only with packages of its own."""
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "–": "--", "—": "---", "’": "'", "“": "``", "”": "''", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


def latex_words(text: str) -> str:
    """Words, to stand in the text of a LaTeX document: what is mathematics among them is set as such."""
    found = []
    for letter in text:
        if letter in COMMANDS:
            found.append(rf"\ensuremath{{{COMMANDS[letter]}}}")
        else:
            found.append(_SPECIAL.get(letter, letter if ord(letter) < _LAST_LATIN else "?"))
    return "".join(found)
