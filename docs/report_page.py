"""Draw report.png: the page of a real build of the example, on a desk and on a phone.

python docs/report_page.py      (needs what the tests need, and Chromium)
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SHEET = """\
<!doctype html><meta charset="utf-8">
<style>
body {{ margin: 0; padding: 24px; background: #c9d1dc; display: flex; gap: 24px; }}
iframe {{ border: 0; border-radius: 12px; height: 844px; }}
.desk {{ width: 1040px; color-scheme: light; }}
.phone {{ width: 390px; color-scheme: dark; }}
</style>
<iframe class="desk" src="{page}"></iframe>
<iframe class="phone" src="{page}"></iframe>
"""
SIZE = (24 + 1040 + 24 + 390 + 24, 24 + 844 + 24)


def main() -> None:
    """Build a copy of the example twice, the second time with one helper changed, and draw it."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "greeter")
        ignore = shutil.ignore_patterns("dist", "build", ".nox")
        shutil.copytree(HERE.parent / "example_project", project, ignore=ignore)
        run("-m", "hatchling", "build", "-t", "wheel", cwd=project)
        with (project / "helpers/tone/pitch.c").open("a", encoding="utf-8") as source:
            source.write("int changed(void) { return 1; }\n")
        run("-m", "hatchling", "build", "-t", "wheel", cwd=project)
        page = Path(folder, "report.html")
        run("-m", "hatch_multiarch", "report", "--output", page, cwd=project)
        sheet = Path(folder, "sheet.html")
        sheet.write_text(SHEET.format(page=page.as_uri()), encoding="utf-8")
        draw(sheet, HERE / "report.png")


def run(*words: str | Path, cwd: Path) -> None:
    """Run this Python in the folder *cwd*."""
    subprocess.run([sys.executable, *words], cwd=cwd, check=True)


def draw(sheet: Path, target: Path) -> None:
    """Take a picture of *sheet*."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
    words = [chromium, "--headless", "--no-sandbox", "--hide-scrollbars"]
    words += [f"--window-size={SIZE[0]},{SIZE[1]}", f"--screenshot={target}", sheet.as_uri()]
    subprocess.run(words, check=True)


if __name__ == "__main__":
    main()
