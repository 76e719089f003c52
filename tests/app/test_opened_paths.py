"""Which checkpoints are listed of the paths that `esvae app` was given, and what they are called."""

from __future__ import annotations

import os
import shutil

import pytest

from app import catalogue

from .made import shelve, small_model


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A folder of two runs, with things that are no checkpoints, given to the explorer."""
    folder = tmp_path / "runs"
    for run in ("first", "second"):
        (folder / run).mkdir(parents=True)
        shelve(folder / run, "aaa", small_model(), with_atlas=False)
        (folder / run / "aaa.safetensors").rename(folder / run / "model.safetensors")
    (folder / "first" / "features.safetensors").write_text("no checkpoint")
    (folder / ".hidden").mkdir()
    shutil.copy(folder / "first/model.safetensors", folder / ".hidden/model.safetensors")
    monkeypatch.setenv(catalogue.OPEN_OPTION, str(folder))
    monkeypatch.setattr(catalogue, "SHIPPED", tmp_path / "none")
    (tmp_path / "none").mkdir()
    monkeypatch.delenv("ESVAE_CHECKPOINTS", raising=False)
    return folder


def test_runs_have_the_names_in_their_headers(runs):
    found = catalogue.find()
    assert [entry.name for entry in found] == ["aaa", "second/aaa"]
    assert all(entry.given and not entry.problem for entry in found)


def test_a_file_may_be_given_and_is_listed_once(runs, monkeypatch):
    file = runs / "second/model.safetensors"
    monkeypatch.setenv(catalogue.OPEN_OPTION, f"{file}{os.pathsep}{runs}")
    assert [entry.path for entry in catalogue.find()] == [file, runs / "first/model.safetensors"]


def test_a_broken_file_is_told_where_it_was_named_or_lies_in_the_folder_itself(runs, monkeypatch):
    broken = runs / "first/features.safetensors"
    monkeypatch.setenv(catalogue.OPEN_OPTION, str(broken))
    assert [bool(entry.problem) for entry in catalogue.find()] == [True]
    monkeypatch.setenv(catalogue.OPEN_OPTION, str(runs / "first"))
    assert {entry.name: bool(entry.problem) for entry in catalogue.find()} == {"features": True, "aaa": False}


def test_deep_folders_are_left_out_and_links_are_not_followed(runs):
    deep = runs.joinpath(*"abcde")
    deep.mkdir(parents=True)
    shutil.copy(runs / "first/model.safetensors", deep / "deep.safetensors")
    (runs / "a" / "loop").symlink_to(runs)
    assert len(catalogue.find()) == 2
    shutil.copy(runs / "first/model.safetensors", deep.parent / "near.safetensors")
    assert [entry.name for entry in catalogue.find()] == ["near", "aaa", "second/aaa"]


def test_what_was_found_besides_is_not_given(runs, monkeypatch, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    shelve(other, "bbb", small_model(), with_atlas=False)
    monkeypatch.setenv("ESVAE_CHECKPOINTS", str(other))
    listed = {entry.name: catalogue.listed(entry)["given"] for entry in catalogue.find()}
    assert listed == {"aaa": True, "second/aaa": True, "bbb": False}


def test_the_number_of_subfolders_is_limited(runs, monkeypatch):
    monkeypatch.setattr(catalogue, "_MAX_SUBFOLDERS", 1)
    assert [entry.name for entry in catalogue.find()] == ["aaa"]
