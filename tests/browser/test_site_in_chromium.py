"""The comparison site as a person meets it: opened from disk, filtered, sent on as a link, read on a phone."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from conformance import journal
from conformance.journal import CaseRecord, Header, Outcome, Record
from conformance.site import CannotCompare, write_site
from tests.conformance import build_run

pytest.importorskip("selenium", reason="selenium is not installed")

from selenium import webdriver
from selenium.webdriver.common.by import By

from .reader import NEEDS, Reader

pytestmark = NEEDS

# A page is loaded before its first frame is on the screen, and that frame is what is asked for: the observer waits for it.
FIRST_PAINT = """
const answer = arguments[arguments.length - 1];
new PerformanceObserver(list => {
  for (const paint of list.getEntriesByName("first-contentful-paint")) answer(paint.startTime);
}).observe({type: "paint", buffered: true});
"""


def of(name: str, records: list[Record]) -> list[Record]:
    """The records as the run of another subject."""
    return [
        msgspec.structs.replace(each, subject=msgspec.structs.replace(each.subject, name=name))
        if isinstance(each, Header)
        else each
        for each in records
    ]


def renamed(records: list[Record], old: str, new: str) -> list[Record]:
    """The records with another feature's name, as far as there are cases of it."""
    found: list[Record] = []
    for each in records:
        if isinstance(each, CaseRecord):
            found.append(msgspec.structs.replace(each, id=each.id.replace(old, new)))
        elif isinstance(each, Header) or not hasattr(each, "case"):
            found.append(each)
        else:
            found.append(msgspec.structs.replace(each, case=each.case.replace(old, new)))
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    everything = renamed(build_run.everything(), "operators/", "kinks/")
    good = build_run.write(folder / "good.jsonl", of("good", build_run.all_pass()))
    bad = build_run.write(folder / "bad.jsonl", of("bad", everything))
    return write_site([good, bad], folder / "site")


@pytest.fixture
def reader(driver: webdriver.Chrome, site: Path) -> Reader:
    return Reader(driver, site.as_uri()).anew()


def shown(reader: Reader) -> list[str]:
    return [str(row.get_attribute("data-feature")) for row in reader.all(".grid tbody tr") if row.is_displayed()]


def numbers(reader: Reader, column: str) -> list[str]:
    cells = reader.all(f'.grid tbody td[data-column^="{column}"] .cell')
    return [cell.text for cell in cells if cell.is_displayed()]


def test_the_first_page_has_a_column_an_implementation_and_a_row_a_feature(reader: Reader) -> None:
    heads = [head.text for head in reader.all(".grid thead th")]
    assert heads[0] == "feature"
    assert [head.split()[0] for head in heads[1:]] == ["good", "bad"]
    assert len(shown(reader)) == len(reader.all(".grid tbody tr")) > 3
    assert "score" not in reader.one("main").text


def test_the_pages_load_nothing_from_elsewhere_and_complain_of_nothing(reader: Reader) -> None:
    for link in ("", "feature/kinks.html"):
        reader.driver.get(reader.url.replace("index.html", link or "index.html"))
        names = reader.run("return performance.getEntriesByType('resource').map(e => e.name)")
        assert isinstance(names, list)
        assert all(str(name).startswith(("file://", "data:")) for name in names)
        assert reader.driver.get_log("browser") == []


def test_a_filter_stands_in_the_url_and_a_link_brings_it_back(reader: Reader) -> None:
    reader.one("#q").send_keys("kin")
    assert shown(reader) == ["kinks"]
    assert reader.fragment == "#q=kin"
    reader.open("#q=kin&level=exact&without=good-0.1.0")
    assert shown(reader) == ["kinks"]
    assert reader.one("#level").get_attribute("value") == "exact"
    assert not reader.one('.grid thead [data-column="good-0.1.0"]').is_displayed()


def test_only_the_level_that_is_asked_for_is_shown(reader: Reader) -> None:
    required = numbers(reader, "bad")
    reader.open("#level=exact")
    assert numbers(reader, "bad") != required


def test_features_in_which_nothing_fails_can_be_hidden(reader: Reader) -> None:
    before = shown(reader)
    reader.open("#only=differs")
    after = shown(reader)
    assert 0 < len(after) < len(before)
    assert "hostile" in after
    assert "kinks" not in after


def test_a_slash_goes_to_the_filter_and_the_tabulator_to_the_cells(reader: Reader) -> None:
    reader.run("document.body.focus()")
    reader.one("body").send_keys("/")
    assert reader.run("return document.activeElement.id") == "q"
    reader.open()
    focused = []
    for _ in range(12):
        reader.press("\ue004")
        focused.append(str(reader.run("return document.activeElement.className || document.activeElement.id")))
    assert "skip" in focused[0]
    assert any("cell" in name for name in focused) or "scroll" in focused


def test_a_cell_leads_to_the_cases_and_they_to_all_answers(reader: Reader) -> None:
    reader.one('tr[data-feature="kinks"] td[data-column^="bad"] .at-required').click()
    assert "feature/kinks.html" in reader.driver.current_url
    assert reader.one("h1").text == "kinks"
    assert "What each answers" in reader.one("main").text
    reader.one(".grid tbody th a").click()
    assert "/case/kinks/" in reader.driver.current_url
    assert reader.all(".verdicts tbody tr")
    assert "One program, and all answers" in reader.one("main").text


def test_nothing_that_a_subject_says_becomes_markup(reader: Reader) -> None:
    pages = sorted(Path(reader.url.removeprefix("file://")).parent.glob("case/hostile/*.html"))
    assert pages
    for page in pages:
        reader.driver.get(page.as_uri())
        assert not reader.all("main img")
        assert reader.driver.get_log("browser") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_preferred_colours_and_can_be_told_otherwise(reader: Reader, scheme: str) -> None:
    reader.prefers(scheme)
    reader.open()
    colour = "return getComputedStyle(document.body).backgroundColor"
    before = reader.run(colour)
    for _ in ("light", "dark"):
        reader.one("#theme").click()
        if reader.one("#theme-name").text != scheme:
            break
    assert reader.run(colour) != before
    reader.open()
    assert reader.run(colour) != before


@pytest.mark.parametrize("size", [(1000, 600), (390, 600)])
def test_the_names_stay_in_sight_however_far_the_matrix_is_scrolled(reader: Reader, size: tuple[int, int]) -> None:
    reader.size(*size)
    reader.open()
    reader.run(
        "document.querySelector('.grid tbody').append(...Array.from({length: 60}, () =>"
        " document.querySelector('.grid tbody tr').cloneNode(true)))"
    )
    *_, last = reader.all(".grid tbody tr")
    reader.driver.execute_script("arguments[0].scrollIntoView({block: 'nearest'})", last)
    heads = reader.run(
        "return [...document.querySelectorAll('.grid thead th')].map(e => e.getBoundingClientRect().top)"
    )
    assert isinstance(heads, list)
    assert all(0 <= top < 600 for top in heads)


def test_on_a_phone_only_the_matrix_scrolls_sideways(reader: Reader) -> None:
    reader.size(390, 800)
    for page in ("index.html", "feature/kinks.html"):
        reader.driver.get(reader.url.replace("index.html", page))
        assert reader.run("return document.documentElement.scrollWidth <= innerWidth"), page


def test_a_matrix_of_the_whole_catalogue_and_twelve_implementations_is_painted_at_once(
    driver: webdriver.Chrome, tmp_path: Path
) -> None:
    records = build_run.all_pass()
    header = next(each for each in records if isinstance(each, Header))
    cases = [each for each in records if isinstance(each, CaseRecord)]
    outcomes = [each for each in records if isinstance(each, Outcome)]
    # 80 features, as many as the catalogue has; the number of cases does not change this page.
    many: list[Record] = []
    for number in range(80):
        record = msgspec.structs.replace(cases[0], id=f"feature_{number}/case")
        many += [record, msgspec.structs.replace(outcomes[0], case=record.id, example=None)]
    paths = []
    for number in range(12):
        path = tmp_path / f"{number}.jsonl"
        footer = journal.footer_of([each for each in many if isinstance(each, Outcome)], 1.0, {})
        journal.write(path, of(f"library{number}", [header, *many, footer]))
        paths.append(path)
    page = write_site(paths, tmp_path / "site")
    driver.get("about:blank")
    driver.get(page.as_uri())
    assert len(driver.find_elements(By.CSS_SELECTOR, ".grid tbody td")) == 80 * 12
    assert driver.execute_async_script(FIRST_PAINT) < 2000


def test_runs_that_cannot_be_compared_are_refused(tmp_path: Path) -> None:
    records = build_run.all_pass()
    here = build_run.write(tmp_path / "here.jsonl", records)
    other = [
        msgspec.structs.replace(each, oracle=msgspec.structs.replace(each.oracle, version="1.13.1"))
        if isinstance(each, Header)
        else each
        for each in records
    ]
    there = build_run.write(tmp_path / "there.jsonl", other)
    with pytest.raises(CannotCompare, match=r"different oracles: PyTorch 1\.13\.1, PyTorch 2\.13\.0"):
        write_site([here, there], tmp_path / "site")
    with pytest.raises(CannotCompare, match="interrupted"):
        write_site([build_run.write(tmp_path / "cut.jsonl", build_run.interrupted())], tmp_path / "site")


def test_two_runs_of_one_implementation_have_a_column_each(tmp_path: Path) -> None:
    run = build_run.write(tmp_path / "run.jsonl", build_run.all_pass())
    page = write_site([run, run], tmp_path / "site").read_text("utf-8")
    assert "numtorch 0.1.0 (2)" in page
