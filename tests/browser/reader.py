"""A person at a page: what they see, press and prefer."""

from __future__ import annotations

import os
import shutil

import pytest

pytest.importorskip("selenium", reason="selenium is not installed")

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
CHROMEDRIVER = os.environ.get("CHROMEDRIVER") or shutil.which("chromedriver")

NEEDS = [
    pytest.mark.skipif(
        not CHROMIUM, reason="no Chromium: looked for chromium, chromium-browser, google-chrome, $CHROMIUM"
    ),
    pytest.mark.skipif(not CHROMEDRIVER, reason="no chromedriver: looked on the PATH and in $CHROMEDRIVER"),
]


FLAGS = (
    "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update "
    "disable-sync disable-dev-shm-usage"
)


class Reader:
    """A person at the report."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver, self.url = driver, url

    def open(self, fragment: str = "") -> Reader:
        # By way of an empty page: a change of the fragment alone would not load the report anew.
        self.driver.get("about:blank")
        self.driver.get(self.url + fragment)
        return self

    def anew(self) -> Reader:
        """At a desk, by day, with nothing remembered of earlier visits."""
        self.size(1280, 900)
        self.prefers("light")
        self.open()
        self.run("localStorage.clear()")
        self.driver.get_log("browser")
        return self.open()

    def size(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def prefers(self, scheme: str, motion: str = "reduce") -> None:
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def run(self, code: str, *args: object) -> object:
        return self.driver.execute_script(code, *args)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def visible_cases(self) -> list[str]:
        return [str(row.get_attribute("data-case")) for row in self.all("details.case") if row.is_displayed()]

    def row(self, case: str) -> WebElement:
        return self.one(f'details[data-case="{case}"]')

    def panel(self, case: str) -> WebElement:
        """What an open case shows; waits until it has been unpacked."""
        row = self.row(case)
        WebDriverWait(self.driver, 5).until(lambda _: row.find_elements(By.CSS_SELECTOR, ".panel > *"))
        return row.find_element(By.CSS_SELECTOR, ".panel")

    @property
    def focused(self) -> str:
        """The case whose row has the focus."""
        return str(self.run("return document.activeElement.closest('details.case')?.dataset.case ?? ''"))

    @property
    def fragment(self) -> str:
        return str(self.run("return location.hash"))
