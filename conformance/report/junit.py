"""junit.xml: a test suite a feature, a test case a case, so that any CI shows a run as it shows tests."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from conformance.report.model import NOT_RUN, Case, Report
from conformance.report.text import moment, printable


def junit(report: Report) -> str:
    """The run as JUnit XML.

    FAIL is a failure, as is anything else that is not as expected; CRASH and TIMEOUT are errors. A case that
    fails as expected is skipped as well, as pytest writes its xfail: a known failure does not break a build, and is seen.
    An interrupted run holds one more error, so that nothing that reads the file can take it for a pass;
    the cases that it did not come to are skipped.
    """
    header = report.run.header
    root = ElementTree.Element("testsuites", name="torchstone", time=f"{report.seconds:.3f}")
    for feature in report.features:
        suite = ElementTree.SubElement(root, "testsuite", name=printable(feature))
        if header.started:
            suite.set("timestamp", moment(header.started).removesuffix(" UTC").replace(" ", "T"))
        _properties(suite, report)
        cases = report.of(feature)
        for case in cases:
            _case(suite, case, report)
        suite.set("time", f"{sum(case.outcome.seconds for case in cases if case.outcome):.3f}")
    if report.interrupted:
        suite = ElementTree.SubElement(root, "testsuite", name="the run", time="0.000")
        case_of_run = ElementTree.SubElement(
            suite, "testcase", classname="the run", name="came to its end", time="0.000"
        )
        ElementTree.SubElement(case_of_run, "error", message=printable(report.headline)).text = report.expectation
    for suite in (*root.findall("testsuite"), root):
        suite.set("tests", str(len(list(suite.iter("testcase")))))
        for tag in ("failure", "error", "skipped"):
            suite.set(tag + ("s" if tag != "skipped" else ""), str(len(list(suite.iter(tag)))))
    root.attrib.pop("skipped")
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _properties(suite: ElementTree.Element, report: Report) -> None:
    header = report.run.header
    properties = ElementTree.SubElement(suite, "properties")
    values = {
        "torchstone": header.torchstone,
        "subject": report.subject,
        "oracle": report.oracle,
        "seed": str(header.seed),
        "profile": header.profile,
        "max_examples": str(header.max_examples),
        "suite": header.suite,
        "selection": header.selection,
    }
    for name, value in values.items():
        if value:
            ElementTree.SubElement(properties, "property", name=name, value=printable(value))


def _case(suite: ElementTree.Element, case: Case, report: Report) -> None:
    seconds = case.outcome.seconds if case.outcome else 0.0
    element = ElementTree.SubElement(
        suite, "testcase", classname=printable(case.feature), name=printable(case.name), time=f"{seconds:.3f}"
    )
    message = case.summary or case.status.lower()
    if case.status == NOT_RUN:
        ElementTree.SubElement(element, "skipped", message="did not run")
    elif case.failing and not case.unexpected:
        ElementTree.SubElement(element, "skipped", message=f"fails as expected: {message}")
    elif case.status in ("CRASH", "TIMEOUT"):
        _explain(ElementTree.SubElement(element, "error", message=message, type=case.status), case, report)
    elif case.failing or case.unexpected:
        kind = case.first.facet if case.first else case.status
        _explain(ElementTree.SubElement(element, "failure", message=message, type=kind), case, report)
    elif case.status != "PASS":
        ElementTree.SubElement(element, "skipped", message=f"{case.status.lower()}: {message}")


def _explain(element: ElementTree.Element, case: Case, report: Report) -> None:
    text = [case.record.sentence]
    if case.reason != case.summary:
        text.append(case.reason)
    for levels, finding in case.findings[:1]:
        text.append(f"\nThe smallest program that fails at {', '.join(levels)}:\n")
        text.append(report.reproducer(levels, finding))
    element.text = printable("\n".join(text))
