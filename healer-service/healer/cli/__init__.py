"""The `healer` command: every way to start it, with what it takes. Tables for people, --json for scripts.

Exit codes: 0 done; 1 it did not work out; 2 unusable input or settings, with one clear line; 3 declined,
refused, broken or missing, as each command says.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

# What these import is loaded at each completion: what takes its time is imported where it is used.
from healer.cli import auditing, completing, deciding, incidents, model, notifying, releases, watching
from healer.cli.client import connect, settings
from healer.cli.printing import AsJson, as_json, line, out
from healer.model import BadInput, HealerError

app = typer.Typer(
    no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, help="Heals crashing services."
)
app.add_typer(incidents.app)
app.add_typer(watching.app)
app.add_typer(deciding.app)
app.add_typer(releases.app)
app.add_typer(model.app, name="model")
app.add_typer(auditing.app, name="audit")
app.add_typer(notifying.app, name="notify")

Reason = Annotated[str, typer.Option(help="Why; kept in the event log.")]


@app.command()
def serve() -> None:
    """Run the healer with the settings of the environment and healer.toml."""
    from healer.main import serve as run  # noqa: PLC0415 - the other commands start in a third of the time without it

    given = settings()
    if sys.stderr.isatty():
        line("Open the page with this link; it signs the browser in:", stderr=True)
        line(f"  {given.sign_in_link}", stderr=True)
    else:  # what is no terminal is a log, and a log is no place for a token
        line(f"The page is at {given.base_url}; `healer link` prints the link that signs a browser in.", stderr=True)
    run(given)


@app.command()
def link(
    viewer: Annotated[bool, typer.Option("--viewer", help="For somebody who may look, and act on nothing.")] = False,
) -> None:
    """Print the link that signs a browser in to the page."""
    given = settings()
    print(given.viewer_link if viewer else given.sign_in_link)


@app.command()
def demo(
    bug: Annotated[str, typer.Option(help="Which of tests/samples to crash the shop with.")],
    yes: Annotated[bool, typer.Option("--yes", help="Merge without asking.")] = False,
    root: Annotated[Path, typer.Option(help="A checkout of this project.")] = Path(),
) -> None:
    """Crash the demo shop, heal it, merge and redeploy, and tell each stage as it happens."""
    from healer.cli import demonstration  # noqa: PLC0415 - as above

    ask = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    raise typer.Exit(demonstration.run(root, bug, ask=ask, console=out()))


@app.command()
def up(
    root: Annotated[Path, typer.Option(help="A checkout of this project.")] = Path(),
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay, and stop everything on Ctrl-C.")] = False,
) -> None:
    """Start the demo shop, the healer and, with a model, the llm service; leave them running and print the links."""
    from healer.cli import background  # noqa: PLC0415 - as above

    raise typer.Exit(background.run(root) if foreground else background.up(root, out()))


@app.command()
def down(
    root: Annotated[Path, typer.Option(help="A checkout of this project.")] = Path(),
) -> None:
    """Stop what `healer up` left running."""
    from healer.cli import background  # noqa: PLC0415 - as above

    raise typer.Exit(background.down(root, out()))


@app.command(hidden=True)
def examples(folder: Annotated[Path, typer.Argument(help="Of the demo's samples.")]) -> None:
    """Print what the page offers to try of them, for the images: no answer is in it, and nothing that needs a token."""
    from healer.cli import samples  # noqa: PLC0415 - as above

    as_json(samples.examples(folder))


Engine = Annotated[str, typer.Option(help="auto | playbook | llm: what makes candidates.")]
LlmUrl = Annotated[str, typer.Option("--llm", envvar="HEALER_LLM_URL", help="A model's server, the address with /v1.")]
LlmModel = Annotated[str, typer.Option(envvar="HEALER_LLM_MODEL", help="Which of its models; the first without it.")]
Interpreter = Annotated[str, typer.Option(help="The project's interpreter; its own .venv is found without.")]


@app.command()
def repair(
    project: Annotated[Path, typer.Argument(help="The folder with the service's source.")],
    incident: Annotated[Path, typer.Option(help="The report, as JSON.")],
    engine: Engine = "auto",
    llm: LlmUrl = "",
    llm_model: LlmModel = "",
    python: Interpreter = "",
    tests: Annotated[str, typer.Option(help="A pytest command; without it pytest on the folder tests.")] = "",
    out_file: Annotated[Path | None, typer.Option("--out", help="Where the patch goes; else stdout.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the result goes, for scripts.")] = None,
    with_test: Annotated[bool, typer.Option("--with-test", help="Put the regression test into the patch.")] = False,
) -> None:
    """Go the whole way from a report to a verified patch for a folder; no server, no proposal.

    Exit codes: 0 a verified patch, 2 unusable input, 3 declined.
    """
    from healer.cli import repairing  # noqa: PLC0415 - as above

    files = (out_file, json_file)
    wanted = repairing.Wanted(project, incident, engine, llm, llm_model, python, tests, *files, with_test=with_test)
    raise typer.Exit(repairing.run(wanted, out(), out(stderr=True)))


@app.command("eval")
def evaluate(
    cases: Annotated[Path, typer.Argument(help="A folder of cases, or one case.")],
    engine: Engine = "auto",
    llm: LlmUrl = "",
    llm_model: LlmModel = "",
    python: Interpreter = "",
    jobs: Annotated[int, typer.Option(min=1, max=16, help="Cases at once.")] = 1,
    reference: Annotated[
        bool, typer.Option("--reference", help="Judge the cases' own fixes: checks the cases.")
    ] = False,
    summary: Annotated[bool, typer.Option("--summary", help="Leave out the single cases.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the results go, for scripts.")] = None,
) -> None:
    """Repair a folder of cases and judge the answers by what each case keeps hidden."""
    from healer.cli import evaluation  # noqa: PLC0415 - as above

    wanted = evaluation.Wanted(cases, engine, llm, llm_model, python, jobs, reference, summary, json_file)
    raise typer.Exit(evaluation.run(wanted, out(), out(stderr=True)))


@app.command("doctor")
def examine(
    service: Annotated[
        str,
        typer.Option(help="Look at this service only; without it at all of them.", autocompletion=completing.services),
    ] = "",
    as_json_: AsJson = False,
) -> None:
    """Say what is there, what is weaker than it could be, and what is missing, each with the remedy.

    Exit codes: 0 nothing essential is missing, 2 unusable settings, 3 something is.
    """
    from healer.cli import doctor  # noqa: PLC0415 - as above

    raise typer.Exit(doctor.run(settings(), service, out(), as_json=as_json_))


@app.command()
def check(
    project: Annotated[Path, typer.Argument(help="The folder that the patch is for.")],
    patch: Annotated[Path, typer.Option(help="A unified diff.")],
    service: Annotated[
        str, typer.Option(help="Of healer.toml: its limits and what it allows; else the defaults.")
    ] = "",
    as_json_: AsJson = False,
) -> None:
    """Ask the guardrails alone about a patch from anywhere.

    Exit codes: 0 accepted, 2 unusable input, 3 refused.
    """
    from healer.cli import checking  # noqa: PLC0415 - as above

    raise typer.Exit(checking.run(project, patch, service, as_json_, out()))


@app.command()
def pause(reason: Reason = "", as_json_: AsJson = False) -> None:
    """Stop all automation: no heal begins or proposes, nothing merged is released, until `healer resume`."""
    _turn(True, reason, as_json_)


@app.command()
def resume(as_json_: AsJson = False) -> None:
    """Let automation go on."""
    _turn(False, "", as_json_)


def _turn(stopped: bool, reason: str, json_: bool) -> None:
    answer = connect().post("/api/v1/automation", {"stopped": stopped, "reason": reason})
    if json_:
        as_json(answer)
    else:
        line("automation is stopped" if answer["stopped"] else "automation goes on")


def main() -> None:
    if sys.stderr is None:  # closed
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - to the end of the process
    if sys.stdout is None:  # and what is opened next would take its number: a child's output would go there
        _complain("the standard output is closed; send it to /dev/null where nobody wants it")
        sys.exit(1)
    try:
        app(prog_name="healer")
    except HealerError as error:
        _complain(str(error))
        sys.exit(2 if isinstance(error, BadInput) else 1)
    except OSError as error:
        _complain(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _complain(text: str) -> None:
    """Its lines are the healer's own; what they quote may be anybody's."""
    first, *more = text.splitlines() or [""]
    for said in (f"healer: {first}", *more):
        line(said, "red", stderr=True)
