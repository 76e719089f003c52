"""Shell completion, as a shell asks the command for it."""

from __future__ import annotations

import sys

import pytest

from esvae_core import cli


@pytest.mark.parametrize(
    ("shell", "words", "expected"),
    [
        ("bash", "esvae mod", ["models"]),
        ("bash", "esvae models ", ["list", "fetch"]),
        ("bash", "esvae sample --sampl", ["--sampler"]),
        ("zsh", "esvae ev", ["evaluate"]),
        ("fish", "esvae ev", ["evaluate"]),
    ],
)
def test_words_are_completed(monkeypatch, capsys, shell, words, expected):
    for name, value in {
        "_ESVAE_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
        "_TYPER_COMPLETE_ARGS": words,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["esvae"])
    with pytest.raises(SystemExit):
        cli.main()
    out = capsys.readouterr().out
    assert [word for word in expected if word in out] == expected
    assert "calibrate" not in out


@pytest.mark.parametrize(("shell", "word"), [("bash", "complete -o"), ("zsh", "#compdef esvae"), ("fish", "complete ")])
def test_the_script_of_a_shell_is_shown(monkeypatch, capsys, shell, word):
    monkeypatch.setattr("shellingham.detect_shell", lambda *_: (shell, f"/bin/{shell}"))
    monkeypatch.setattr(sys, "argv", ["esvae", "--show-completion"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert word in capsys.readouterr().out
