"""The drills of a whole process: each is run by the test that has its name."""

from __future__ import annotations

from typing import Final

from tests.drills.table import Drill

DRILLS: Final[tuple[Drill, ...]] = (
    Drill(
        "a secret file is deleted, then torn, then replaced",
        "The vendor refuses a key; its file is removed, comes back empty, and then holds a new key.",
        "The polls fail as `unauthorized` and then as `credential`, the last figures stay, and the new key is used within one interval.",
    ),
    Drill(
        "a secret file that no key can be read from costs that account only",
        "The file of a key becomes binary, blank, too large, or holds two words.",
        "That account fails as `credential` and keeps its figures; the others do not notice.",
    ),
    Drill(
        "a configuration is broken and mended",
        "The configuration becomes unreadable in many ways, vanishes, and is mended, each told by a signal or a request.",
        "What is wrong is refused and shown by the gauge, the old configuration goes on, and no account is polled again for it.",
    ),
    Drill(
        "two hundred reloads under load",
        "Right and wrong configurations follow each other while accounts come and go and the page is scraped all the time.",
        "Accounts that stay are polled on their beat and not once more; memory and file descriptors do not grow.",
    ),
    Drill(
        "garbage is sent to the reload",
        "Requests that are no HTTP, or have torn headers and random bodies, reach the address of the reload.",
        "They are refused or dropped; the daemon goes on and reloads when asked properly.",
    ),
    Drill(
        "any configuration is checked",
        "A configuration is made of random parts in random places.",
        "`check` says that it is right or what is wrong with it, and never crashes.",
    ),
    Drill(
        "the process is killed fifty times",
        "The daemon is killed at random moments: while it starts, while it is idle, and in the middle of polls.",
        "Each start shows the last figures with their times at once, no counter falls, no vendor is asked sooner than the interval, and "
        "the state file stays whole.",
    ),
    Drill(
        "the state file is damaged between two runs",
        "The state file is overwritten, spoilt behind its header, or cut off while the daemon is down.",
        "One line in the log says so; the daemon runs on without it.",
    ),
    Drill(
        "the log of the state file is lost in a crash",
        "The daemon is killed, and SQLite's write-ahead log is removed.",
        "The daemon starts with what the file itself still tells, and polls what it does not.",
    ),
    Drill(
        "the state file may not grow",
        "Every write to the state file fails, and works again some polls later.",
        "One line tells of the failure and one of the recovery; polls and pages go on.",
    ),
    Drill(
        "the disk is full",
        "The file system of the state file has no space left, and has some again later.",
        "One line tells of the failure and one of the recovery; polls and pages go on.",
    ),
    Drill(
        "the end comes while every poll hangs",
        "SIGTERM arrives while no vendor answers.",
        "The process ends with code 0 within five seconds, and the next start shows the figures from before.",
    ),
    Drill(
        "the end comes during a reload",
        "SIGTERM arrives while the configuration is being read again.",
        "The process ends with code 0 within five seconds.",
    ),
    Drill(
        "the end comes while names are looked up",
        "SIGTERM arrives while forty names are being looked up.",
        "The process ends with code 0 within five seconds.",
    ),
    Drill(
        "an interrupt comes twice",
        "SIGINT arrives a second time while the process is ending.",
        "The process ends with code 0 and without a traceback.",
    ),
    Drill(
        "a loop dies",
        "A defect ends the loop of an account.",
        "The process ends with code 1 and a line that says where, without the error's text: it never serves old numbers in silence.",
    ),
    Drill(
        "the wall clock is set",
        "The clock of the machine is set six hours ahead, then six hours back.",
        "Polls stay on their beat, figures stay, and the age of the last success stays true.",
    ),
)
