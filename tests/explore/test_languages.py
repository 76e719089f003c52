"""Translations of the page's words, and a page in one file that has one."""

from __future__ import annotations

import json
import re

import pytest

from esvae_core import checkpoint
from esvae_core.errors import InputError
from esvae_core.explore import page
from esvae_core.explore.languages import FOLDER, Translation, read_translation, translations


def write(path, value) -> Translation:
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return read_translation(path)


def test_a_translation_is_read_from_its_file(tmp_path):
    messages = {"Undo": "Zurück", "{0} of {1}": "{1}: {0}", "Redo": ""}
    assert write(tmp_path / "pt-BR.json", messages) == Translation("pt-BR", messages)
    assert read_translation(FOLDER / "en.json").messages["Language"] == "Language"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("de.json", "{", "expected JSON"),
        ("de.json", "[" * 100_000, "expected JSON"),
        ("de.json", ["Undo"], "expected an object of texts"),
        ("de.json", {"Undo": 1}, "expected an object of texts"),
        ("de.json", {"{0} of {1}": "{2}"}, r"\{2\} has no value in '\{0\} of \{1\}'"),
        ("de.json", json.dumps({"Undo": "x" * 2**21}), "cannot be read: expected at most"),
        ("German.json", {}, "expected a name that is a language's code"),
        ("de.txt", {}, "expected a name that is a language's code"),
    ],
)
def test_what_is_no_translation_is_said_in_a_line(tmp_path, name, value, words):
    with pytest.raises(InputError, match=words) as caught:
        write(tmp_path / name, value)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_a_folder_adds_languages_and_english_is_none_of_them(tmp_path):
    write(tmp_path / "fr.json", {})
    write(tmp_path / "de.json", {"Undo": "Zurück"})
    write(tmp_path / "en.json", {"Undo": "Back"})
    assert list(translations(tmp_path)) == sorted({"de", "fr", *translations()})
    assert translations(tmp_path)["de"].messages == {"Undo": "Zurück"}
    with pytest.raises(InputError, match="expected a folder"):
        translations(tmp_path / "de.json")


def test_a_page_says_its_language_and_holds_the_words_before_its_modules(model):
    held = checkpoint.Checkpoint(model, checkpoint.Header(name="x", model=model.config))
    english = page.page(held, "x", path="x", atlas=None)
    german = page.page(held, "x", path="x", atlas=None, translation=Translation("de", {"Undo": "</script>ü"}))
    words = re.search(r'<script type="application/json" id="esvae-language">(.*?)</script>\n', german)
    assert words is not None
    assert json.loads(words[1]) == {"code": "de", "messages": {"Undo": "</script>ü"}, "offered": []}
    assert words.end() < german.index('<script type="module">')
    assert german.replace(words[0], "").replace('<html lang="de">', '<html lang="en">') == english
