"""The one table of views fits the modules, style sheets and addresses that it names."""

from __future__ import annotations

import sys

import pytest

from app import routes
from esvae_core import cli
from esvae_core.errors import InputError
from esvae_core.explore.views import SERVED, STANDALONE, VIEWS, standalone
from esvae_core.front_end import FRONT_END

from .test_routes import Answer


def test_every_module_is_named_and_there():
    modules = {path.stem for path in (FRONT_END / "views").glob("*.js")}
    assert {view.module for view in VIEWS} == modules
    assert len({view.name for view in VIEWS}) == len(VIEWS)
    assert all((FRONT_END / f"{view.module}.css").is_file() for view in STANDALONE)


def test_a_page_in_one_file_opens_at_its_views_alone():
    assert [standalone(view.name) for view in STANDALONE] == list(STANDALONE)
    with pytest.raises(InputError, match=r"^view: expected one of explore, draw, spikes, map, found 'models'$"):
        standalone("models")


def test_the_first_views_name_leads_to_the_first_page():
    answer = Answer(f"/{SERVED[0].name}", "s=x")
    assert (answer.status, answer.headers["location"]) == (307, "./?s=x")
    assert len(routes.ROUTES) == 2 + len(SERVED), "each view once more, with a slash at its end"


def test_the_command_refuses_other_views(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["esvae", "page", "digits", "--out", str(tmp_path / "x.html"), "--view", "how"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "view: expected one of explore, draw, spikes, map, found 'how'" in capsys.readouterr().err
    assert not (tmp_path / "x.html").exists()
