"""The HTML report as a person meets it: opened from disk in a browser, read, filtered, walked by keyboard, copied from."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.render import script
from conformance.report import write_reports
from tests.conformance import build_run

pytest.importorskip("selenium", reason="selenium is not installed")

from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from .reader import NEEDS, Reader

pytestmark = NEEDS

SHOWN = "</script><img src=x onerror=alert(1)>\"'<b>&amp;{{ 7*7 }}\\x00\\u202e]]>-->"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    return write_reports(build_run.write(folder / "run.jsonl", build_run.everything()), folder).html.as_uri()


@pytest.fixture
def reader(driver: webdriver.Chrome, url: str) -> Reader:
    return Reader(driver, url).anew()


# ---------------------------------------------------------------------------------------------------------- at a glance


def test_the_first_screen_says_the_verdict(reader: Reader) -> None:
    assert reader.one("h1").text == "5 of 17 cases behave as PyTorch 2.13.0 does."
    assert reader.one(".who").text == "numtorch 0.1.0 against PyTorch 2.13.0"
    assert reader.one(".expectation").text == "11 cases not as expected."
    assert reader.one(".verdict").rect["y"] + reader.one(".verdict").rect["height"] < 900


def test_an_interrupted_run_says_so_loudly(driver: webdriver.Chrome, tmp_path: Path) -> None:
    paths = write_reports(build_run.write(tmp_path / "run.jsonl", build_run.interrupted()), tmp_path)
    reader = Reader(driver, paths.html.as_uri()).open()
    assert reader.one("h1").text == "Interrupted after 4 cases. This is not a result."
    assert driver.title.startswith("Interrupted")


def test_the_matrix_shows_numbers_and_bars(reader: Reader) -> None:
    rows = {row.find_element(By.TAG_NAME, "th").text: row for row in reader.all(".matrix tbody tr, .matrix tfoot tr")}
    numbers = {
        name: [cell.text for cell in row.find_elements(By.CSS_SELECTOR, ".number")] for name, row in rows.items()
    }
    assert numbers["accumulation"] == ["2/4", "2/4", "4/4"]
    assert numbers["All"] == ["8/17", "10/17", "9/17"]
    bar = rows["accumulation"].find_element(By.CSS_SELECTOR, ".bar-pass").rect["width"]
    whole = rows["accumulation"].find_element(By.CSS_SELECTOR, ".bar").rect["width"]
    assert bar == pytest.approx(whole / 2, rel=0.05)


def test_the_report_is_one_file_that_loads_nothing_else(reader: Reader) -> None:
    assert reader.run("return performance.getEntriesByType('resource').length") == 0
    assert reader.driver.get_log("browser") == []


# --------------------------------------------------------------------------------------------------------------- filter


def test_a_filter_changes_the_visible_cases_and_the_url(reader: Reader) -> None:
    assert len(reader.visible_cases()) == 17
    reader.one("#q").send_keys("pow node")
    assert reader.visible_cases() == ["graph/pow_is_one_node"]
    assert reader.fragment == "#q=pow%20node"
    assert reader.one("#shown").text == "1 of 17 cases"


def test_a_filter_survives_a_reload_and_the_back_button_undoes_it(reader: Reader) -> None:
    reader.one("#feature").send_keys("hooks")
    hooks = reader.visible_cases()
    assert len(hooks) == 4
    assert reader.fragment == "#feature=hooks"
    reader.driver.refresh()
    assert reader.visible_cases() == hooks
    assert reader.one("#feature").get_attribute("value") == "hooks"
    reader.driver.back()
    WebDriverWait(reader.driver, 5).until(lambda _: len(reader.visible_cases()) == 17)


def test_a_cell_of_the_matrix_shows_what_fails_there(reader: Reader) -> None:
    reader.one('.matrix a[href="#feature=hooks&level=required&status=failing"]').click()
    assert reader.visible_cases() == [
        "hooks/hook_replaces_the_gradient",
        "hooks/hook_on_a_freed_node",
        "hooks/hook_that_waits",
    ]


def test_choosing_a_level_asks_for_what_fails_at_it(reader: Reader) -> None:
    reader.one("#level").send_keys("exact")
    assert reader.one("#status").get_attribute("value") == "failing"
    assert reader.visible_cases() == [
        "freeing/message_names_retain_graph",
        "graph/pow_is_one_node",
        "hooks/hook_on_a_freed_node",
        "hooks/hook_that_waits",
        "hostile/says_html",
    ]
    reader.one("#clear").click()
    assert len(reader.visible_cases()) == 17


def test_a_filter_that_nothing_matches_says_so(reader: Reader) -> None:
    reader.one("#q").send_keys("no such case")
    assert reader.visible_cases() == []
    assert reader.one("#nothing").is_displayed()


# ------------------------------------------------------------------------------------------------------------ one case


def test_a_case_opens_and_shows_its_program_and_both_traces(reader: Reader) -> None:
    case = "accumulation/grad_keeps_its_identity"
    reader.row(case).find_element(By.TAG_NAME, "summary").click()
    panel = reader.panel(case)
    assert reader.fragment == f"#case={case}"
    # The last line raises, which is not what differs: the script prints the error there.
    before, _, _ = script(build_run.CUBE).strip().rpartition("\n")
    assert panel.find_element(By.CSS_SELECTOR, ".program pre").text.startswith(before + "\ntry:")
    assert panel.find_element(By.CSS_SELECTOR, ".program .tk").is_displayed()
    marked = panel.find_element(By.CSS_SELECTOR, "tr.first")
    assert "first difference" in marked.text
    oracle, subject = marked.find_elements(By.CSS_SELECTOR, "td")
    assert "[13.5, 24.]" in oracle.text
    assert "[6.75, 12.]" in subject.text
    assert subject.rect["x"] > oracle.rect["x"]


def test_a_deep_link_opens_its_case_even_if_the_filter_hides_it(reader: Reader) -> None:
    reader.open("#case=graph/pow_is_one_node&feature=hooks")
    assert reader.panel("graph/pow_is_one_node").is_displayed()
    top = reader.run("return arguments[0].getBoundingClientRect().top", reader.row("graph/pow_is_one_node"))
    assert isinstance(top, int | float)
    assert 0 <= top < 400
    covered = "const r = arguments[0].getBoundingClientRect(); return document.elementFromPoint(r.x + 9, r.y + 9)"
    summary = reader.row("graph/pow_is_one_node").find_element(By.TAG_NAME, "summary")
    assert reader.run(f"{covered}.closest('summary')", summary) == summary, "the filter covers it"


def test_a_finding_leads_to_its_case_and_the_back_button_leads_back(reader: Reader) -> None:
    reader.one('#findings .group-cases a[href="#case=graph/pow_is_one_node"]').click()
    assert reader.panel("graph/pow_is_one_node").is_displayed()
    reader.driver.back()
    WebDriverWait(reader.driver, 5).until(lambda _: not reader.row("graph/pow_is_one_node").get_attribute("open"))


def test_the_link_to_the_first_difference_goes_there(reader: Reader) -> None:
    reader.size(1280, 400)
    reader.open("#case=freeing/second_backward_raises")
    reader.panel("freeing/second_backward_raises").find_element(By.CSS_SELECTOR, ".jump a").click()
    assert reader.fragment.endswith("&step=0-7")
    row = reader.one("tr.first")
    assert row == reader.driver.switch_to.active_element
    inside = "const r = arguments[0].getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight"
    WebDriverWait(reader.driver, 5).until(lambda _: reader.run(inside, row))


def test_both_graphs_are_drawn_and_the_differing_nodes_marked(reader: Reader) -> None:
    reader.open("#case=graph/pow_is_one_node")
    panel = reader.panel("graph/pow_is_one_node")
    graphs = panel.find_elements(By.CSS_SELECTOR, "svg.graph")
    assert len(graphs) == 2
    assert all(graph.rect["width"] > 50 and graph.rect["height"] > 50 for graph in graphs)
    assert [len(graph.find_elements(By.CSS_SELECTOR, ".node.differs")) for graph in graphs] == [1, 2]
    assert "≠ PowBackward0" in graphs[0].text


# Two cases, because the browser's clipboard outlives a test.
@pytest.mark.parametrize(
    ("refused", "case"), [(False, "freeing/second_backward_raises"), (True, "hooks/hook_replaces_the_gradient")]
)
def test_the_reproducer_can_be_copied(reader: Reader, refused: bool, case: str) -> None:
    reader.open(f"#case={case}")
    button = reader.panel(case).find_element(By.CSS_SELECTOR, ".copy")
    if refused:
        reader.run("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    button.click()
    WebDriverWait(reader.driver, 5).until(lambda _: button.text == "Copied")
    assert reader.one("#announce").get_attribute("textContent") == "Copied"
    reader.run("document.body.append(document.createElement('textarea')); document.querySelector('textarea').focus()")
    reader.driver.switch_to.active_element.send_keys(Keys.CONTROL, "v")
    copied = str(reader.one("textarea").get_attribute("value"))
    shown = reader.one("details[open] .program pre code").get_attribute("textContent")
    assert copied == shown
    assert copied.startswith(script(build_run.HOOKED if refused else build_run.CUBE))


# ------------------------------------------------------------------------------------------------------------ keyboard


def test_the_report_can_be_walked_by_keyboard(reader: Reader) -> None:
    reader.press("/")
    assert reader.driver.switch_to.active_element == reader.one("#q")
    reader.press("graph", Keys.ARROW_DOWN)
    assert reader.focused == "freeing/retain_graph_keeps_buffers"
    reader.press("j", "j", Keys.ARROW_DOWN, "k")
    assert reader.focused == reader.visible_cases()[2]
    case = reader.focused
    reader.press(Keys.ENTER)
    assert reader.panel(case).is_displayed()
    reader.press(Keys.ESCAPE)
    assert not reader.row(case).get_attribute("open")
    assert reader.focused == case
    assert reader.fragment == "#q=graph"


def test_the_first_tab_leads_past_the_header_and_the_focus_is_visible(reader: Reader) -> None:
    reader.press(Keys.TAB)
    skip = reader.driver.switch_to.active_element
    assert skip.text == "Skip to the cases"
    assert skip.rect["y"] >= 0
    skip.send_keys(Keys.ENTER)
    assert reader.driver.switch_to.active_element == reader.one("#cases")
    reader.press("j")
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    assert reader.run(outline) == "solid"


# ----------------------------------------------------------------------------------------------------- looks, and sizes

CONTRAST = """
// The contrast of every visible text with what is behind it, by WCAG 2; the worst come back.
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgba = (colour) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = ([r, g, b]) => {
  const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
};
const behind = (element) => {
  for (; element; element = element.parentElement) {
    const colour = rgba(getComputedStyle(element).backgroundColor);
    if (colour[3] > 250) return colour;
  }
  return rgba(getComputedStyle(document.documentElement).getPropertyValue('--page') || 'white');
};
const poor = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest('svg, :disabled, script')) continue;
  const [a, b] = [light(rgba(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
  const contrast = (a + 0.05) / (b + 0.05);
  if (contrast < 4.5) poor.push([element.className, walker.currentNode.data.slice(0, 30), contrast]);
}
return poor;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(reader: Reader, scheme: str) -> None:
    reader.prefers(scheme)
    reader.open("#case=hooks/hook_replaces_the_gradient")
    reader.panel("hooks/hook_replaces_the_gradient")
    assert reader.run(CONTRAST) == []


def test_colours_follow_the_system_and_the_switch(reader: Reader) -> None:
    background = "return getComputedStyle(document.body).backgroundColor"
    light = reader.run(background)
    reader.prefers("dark")
    dark = reader.run(background)
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(16, 20, 24)")
    reader.one("#theme").click()
    assert (reader.one("#theme-name").text, reader.run(background)) == ("light", light)
    reader.open()
    assert reader.run(background) == light, "the choice is kept"
    reader.one("#theme").click()
    reader.prefers("light")
    assert (reader.one("#theme-name").text, reader.run(background)) == ("dark", dark)


@pytest.mark.parametrize("case", ["graph/pow_is_one_node", "hostile/says_html", "hooks/hook_replaces_the_gradient"])
def test_a_phone_never_scrolls_sideways(reader: Reader, case: str) -> None:
    reader.size(360, 740)
    reader.open(f"#case={case}")
    reader.panel(case)
    assert reader.run("return innerWidth") == 360
    assert reader.run("const page = document.documentElement; return page.scrollWidth <= page.clientWidth")


def test_a_page_of_500_cases_is_small_and_makes_what_a_case_holds_only_when_it_is_opened(
    driver: webdriver.Chrome, tmp_path: Path
) -> None:
    # Not how many milliseconds it takes, which is the machine's doing too, but what makes a page quick to open.
    paths = write_reports(build_run.write(tmp_path / "run.jsonl", build_run.all_pass(500)), tmp_path)
    reader = Reader(driver, paths.html.as_uri())
    reader.open()
    assert len(reader.all("details.case")) == 500
    assert paths.html.stat().st_size < 4_000_000
    assert not reader.all("details.case table")
    assert int(str(reader.run("return document.getElementsByTagName('*').length"))) < 500 * 40


# -------------------------------------------------------------------------------------------------------- hostile texts


def test_hostile_texts_are_shown_as_they_are_and_never_run(reader: Reader) -> None:
    reader.open("#case=hostile/says_html")
    panel = reader.panel("hostile/says_html")
    assert SHOWN in panel.find_element(By.CSS_SELECTOR, "tr.first .subject").text
    assert SHOWN in reader.row("hostile/says_html").find_element(By.CSS_SELECTOR, ".sentence").text
    assert "onerror=alert" in panel.find_element(By.CSS_SELECTOR, "svg.graph").text
    assert reader.all("img") == []
    with pytest.raises(NoAlertPresentException):
        reader.driver.switch_to.alert.text
    # A script that tried to run would have been refused by the page's Content-Security-Policy, and logged.
    assert reader.driver.get_log("browser") == []
