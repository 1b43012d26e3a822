"""The loader: rows override by key, and every mistake is named with file, row, key and the nearest valid name."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from config.loader import Config
from config.tables import ConfigError


def put(home: Path, name: str, text: str) -> Path:
    path = home / "config" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_home_row_overrides_field_by_field(tmp_path: Path) -> None:
    put(tmp_path, "schedule.toml", '[[job]]\nid = "night-crawl"\ncron = "0 1 * * *"\n')
    shipped = {job.id: job for job in Config().schedule.job}
    own = {job.id: job for job in Config(tmp_path).schedule.job}
    assert own["night-crawl"].cron == "0 1 * * *"
    assert own["night-crawl"].jitter_s == shipped["night-crawl"].jitter_s
    assert own.keys() == shipped.keys()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[job]]\nid = "night-crawl"\ncorn = "0 1 * * *"\n', "job 'night-crawl', key 'corn': unknown key; did you mean 'cron'?"),
        ('[[job]]\nid = "mine"\nrun = "crawl"\n', "job 'mine', key 'cron': is missing"),
        ('[[job]]\nid = "mine"\nrun = "crawl"\ncron = "0 1 * * *"\njitter_s = "ten"\n', "job 'mine', key 'jitter_s'"),
        ('[[job]]\nid = "mine"\nrun = "crawl"\ncron = "0 1"\n', "five fields"),
        ('[[job]]\nrun = "crawl"\n', "needs the key 'id'"),
        ('[[job]]\nid = "a"\n[[job]]\nid = "a"\n', "is also given"),
        ("[supervisor]\nstop_wiat_s = 1\n", "did you mean 'stop_wait_s'?"),
        ("[[job\n", "not valid TOML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = put(tmp_path, "schedule.toml", text)
    with pytest.raises(ConfigError) as caught:
        _ = Config(tmp_path).schedule
    assert told in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_mark_of_the_encoding_is_no_mistake(tmp_path: Path) -> None:
    put(tmp_path, "schedule.toml", '\ufeff[[job]]\nid = "night-crawl"\ncron = "0 1 * * *"\n')
    assert {job.id: job for job in Config(tmp_path).schedule.job}["night-crawl"].cron == "0 1 * * *"


def test_versions_move_with_the_rows_they_stand_for(tmp_path: Path) -> None:
    before = Config(tmp_path)
    put(tmp_path, "thresholds.toml", "# the same rows, a comment more\n")
    assert Config(tmp_path).knowledge_version == before.knowledge_version


def test_two_home_files_that_disagree_are_refused(tmp_path: Path) -> None:
    first, second = (put(tmp_path, f"offers/{name}.toml", f'[[cue]]\nid = "mine"\ncue = "sale"\nwords = ["{name}"]\n') for name in "ab")
    with pytest.raises(ConfigError) as caught:
        _ = Config(tmp_path).offers
    assert f"{second}: cue 'mine': is also given in {first}" in str(caught.value)


def test_a_rule_broken_between_rows_is_told_of_the_home(tmp_path: Path) -> None:
    path = put(tmp_path, "thresholds.toml", "[severity]\nmedium = 0.9\nhigh = 0.3\n")
    with pytest.raises(ConfigError, match="must hold") as caught:
        _ = Config(tmp_path).thresholds
    assert caught.value.file == str(path)


@pytest.mark.parametrize(
    "lines",
    ["[score]\nbias = 1e400\n", "[score]\nbias = nan\n", "[score]\nbias = 40\n", "[score]\ndefault_weight = inf\n",
     "[price]\nscam = 0.7\n", "[price]\nbelow = 0.9\n"],
)  # fmt: skip
def test_thresholds_without_an_end_or_crossed_are_refused(tmp_path: Path, lines: str) -> None:
    put(tmp_path, "thresholds.toml", lines)
    with pytest.raises(ConfigError):
        _ = Config(tmp_path).thresholds


def test_a_word_group_is_named_after_its_file_and_concept(tmp_path: Path) -> None:
    """Else a home's row of another language would stand beside the one it was meant to replace."""
    row = '[[groups]]\nid = "{}"\nconcept = "loss"\nterms = ["milled away"]\nreason = "workshop words"\n'
    path = tmp_path / "config" / "lexicon" / "en.toml"
    path.parent.mkdir(parents=True)
    for ident in ("de.loss.workshop", "en.serial.workshop"):
        path.write_text(row.format(ident), "utf-8")
        with pytest.raises(ConfigError, match=r"en\.loss"):
            _ = Config(tmp_path).lexicon
    path.write_text(row.format("en.loss.workshop"), "utf-8")
    assert any(group.id == "en.loss.workshop" for group in Config(tmp_path).lexicon["en"].groups)


def test_an_error_travels_between_processes() -> None:
    told = pickle.loads(pickle.dumps(ConfigError("a.toml", "row 'x'", "is missing")))
    assert (str(told), told.file, told.where, told.problem) == ("a.toml: row 'x': is missing", "a.toml", "row 'x'", "is missing")
