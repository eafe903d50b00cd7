"""A Chromium without a window, in which the pages are tried as a reader would use them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from cutaway import explain

MISSING = (
    "make browser needs Chromium and its driver, and did not find both. On Debian and Ubuntu: "
    "apt-get install chromium chromium-driver. On macOS: brew install --cask chromium chromedriver. "
    "Google Chrome will do as well."
)
# No window, no first-run pages, no traffic of the browser's own.
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[webdriver.Chrome]:
    """The browser, one for all tests."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    program = next(filter(None, map(shutil.which, names)), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.exit(MISSING, returncode=1)
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for option in OPTIONS:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=Service(driver)) as browser:
        yield browser


@pytest.fixture
def reader(chromium: webdriver.Chrome, tmp_path: Path) -> Iterator[Reader]:
    """Someone who opens pages; afterwards no page may have complained, nor have asked for anything."""
    reader = Reader(chromium, tmp_path)
    yield reader
    assert reader.complaints() == []
    assert reader.requests() == []


class Reader:
    """Opens a page from a file, presses keys, and reads what it says."""

    def __init__(self, browser: webdriver.Chrome, folder: Path) -> None:
        self.browser, self.folder = browser, folder
        browser.get("about:blank")
        browser.get_log("performance")
        browser.get_log("browser")

    def open(self, trace: Any, width: int = 1600, height: int = 900, dark: bool = False, **options: Any) -> None:
        """Save the page that steps through a trace, and open it in a window of this size."""
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        calm = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, calm]})
        path = explain.step(trace, **options).save(self.folder / "steps.html")
        self.browser.get(path.as_uri())

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        for key in keys:
            for kind in ("keyDown", "keyUp"):
                self.browser.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": kind, "key": key, **CODES[key]})

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script in the page returns."""
        return self.browser.execute_script(script, *arguments)

    def text(self, selector: str) -> str:
        """The text of the first element that a selector finds."""
        return str(self.run("return document.querySelector(arguments[0]).innerText", selector))

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that a selector finds."""
        return list(self.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector))

    def complaints(self) -> list[str]:
        """Errors and warnings that the page has made."""
        return [entry["message"] for entry in self.browser.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses that the pages have asked for, themselves excepted."""
        asked = []
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
                asked.append(message["params"].get("request", message["params"])["url"])
        return [address for address in asked if not address.startswith((self.folder.as_uri(), "about:", "data:,"))]


CODES: dict[str, dict[str, Any]] = {
    "ArrowLeft": {"windowsVirtualKeyCode": 37, "code": "ArrowLeft"},
    "ArrowRight": {"windowsVirtualKeyCode": 39, "code": "ArrowRight"},
    "Home": {"windowsVirtualKeyCode": 36, "code": "Home"},
    "End": {"windowsVirtualKeyCode": 35, "code": "End"},
    "Tab": {"windowsVirtualKeyCode": 9, "code": "Tab"},
    "Enter": {"windowsVirtualKeyCode": 13, "code": "Enter", "text": "\r"},
    "Space": {"windowsVirtualKeyCode": 32, "code": "Space", "key": " ", "text": " "},
}
