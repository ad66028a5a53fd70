"""The drills of processes. Each one is run by the test of the same name."""

from __future__ import annotations

from typing import Final

from tests.drills.table import Drill

DRILLS: Final[tuple[Drill, ...]] = (
    Drill(
        "a secret file is deleted, then empty, then replaced",
        "The vendor rejects a key. The file of the key is removed, created empty, and then contains a new key.",
        "Polls fail with `unauthorized` and then with `credential`. The last values stay. The new key is used within one interval.",
    ),
    Drill(
        "an unusable secret file affects only its account",
        "The file of a key becomes binary, blank or too large, or contains two words.",
        "Polls of this account fail with `credential`, and its values stay. Other accounts are not affected.",
    ),
    Drill(
        "a configuration is broken and corrected",
        "The configuration becomes invalid in many ways, is removed, and is corrected. Each change is followed by a signal or a request.",
        "An invalid configuration is rejected, and the gauge falls to 0. The previous configuration stays in effect, and no account is polled an additional time.",
    ),
    Drill(
        "two hundred reloads under load",
        "Valid and invalid configurations alternate, accounts are added and removed, and `/metrics` is scraped.",
        "Unchanged accounts are polled on schedule and not more often. Memory and file descriptors do not grow.",
    ),
    Drill(
        "garbage is sent to the reload",
        "The reload endpoint receives data that is not HTTP, incomplete headers and random bodies.",
        "These requests are rejected or closed. The daemon continues, and a valid request reloads the configuration.",
    ),
    Drill(
        "any configuration is checked",
        "A configuration consists of random parts in random places.",
        "`check` reports that it is valid or lists its problems, and never crashes.",
    ),
    Drill(
        "the process is killed fifty times",
        "The daemon is killed at random times: during the start, while it is idle, and during polls.",
        "After each start the last values and their times are exported immediately. No counter decreases, no vendor is polled earlier than "
        "the interval allows, and the state file stays valid.",
    ),
    Drill(
        "the state file is damaged between two runs",
        "The state file is overwritten, damaged after its header, or truncated while the daemon is not running.",
        "One log line reports it. The daemon runs without the file.",
    ),
    Drill(
        "the log of the state file is lost in a crash",
        "The daemon is killed, and SQLite's write-ahead log is removed.",
        "The daemon starts with the data in the file, and polls the rest.",
    ),
    Drill(
        "the state file may not grow",
        "Every write to the state file fails, and succeeds again some polls later.",
        "One log line reports the failure, and one the recovery. Polls and scrapes continue.",
    ),
    Drill(
        "the disk is full",
        "The file system of the state file is full, and has free space again later.",
        "One log line reports the failure, and one the recovery. Polls and scrapes continue.",
    ),
    Drill(
        "the process is stopped while every poll hangs",
        "SIGTERM arrives while no vendor responds.",
        "The process exits with code 0 within five seconds. After the next start the previous values are exported.",
    ),
    Drill(
        "the process is stopped during a reload",
        "SIGTERM arrives during a reload.",
        "The process exits with code 0 within five seconds.",
    ),
    Drill(
        "the process is stopped during name look-ups",
        "SIGTERM arrives during forty DNS look-ups.",
        "The process exits with code 0 within five seconds.",
    ),
    Drill(
        "an interrupt arrives twice",
        "SIGINT arrives a second time during the shutdown.",
        "The process exits with code 0 and without a traceback.",
    ),
    Drill(
        "the loop of an account fails",
        "A defect ends the loop of an account.",
        "The process exits with code 1 and logs the location, without the text of the error. It never continues to serve old values.",
    ),
    Drill(
        "the wall clock is set",
        "The clock of the machine is set six hours forward, then six hours back.",
        "Polls stay on schedule, values stay, and the age of the last success stays correct.",
    ),
    Drill(
        "forty secret files do not answer",
        "Forty of the secret files are on a network file system that is down.",
        "Their accounts fail as `credential`; the others are polled, no file blocks more than one thread, and SIGTERM ends the process.",
    ),
    Drill(
        "a secret file that answers again is used",
        "The file system of a secret is down for some seconds.",
        "The account fails as `credential`, and recovers when the file answers.",
    ),
    Drill(
        "standard error is not read",
        "The reader of the log stops reading, and the daemon logs more than a pipe holds.",
        "Scrapes, reloads and the shutdown work; log lines are lost, and no line is incomplete.",
    ),
    Drill(
        "a reload is requested during the start",
        "SIGHUP arrives several times while the daemon imports its modules.",
        "The daemon starts and serves.",
    ),
    Drill(
        "the process is stopped during the start",
        "SIGTERM or SIGINT arrives while the daemon imports its modules.",
        "The process exits with code 0 and without a traceback.",
    ),
    Drill(
        "the process is stopped while the state file does not answer",
        "SIGTERM arrives while the daemon waits for its state file at the start.",
        "The process exits with code 0.",
    ),
    Drill(
        "the process is stopped while the configuration does not answer",
        "The configuration is on a network file system that is down; ninety reloads are requested, then SIGTERM arrives.",
        "Polls continue, one thread reads the file, and the process exits with code 0.",
    ),
    Drill(
        "a named pipe is given at the start",
        "The configuration, or that of the web server, is a named pipe without a writer.",
        "The process exits with code 2.",
    ),
    Drill(
        "a secret is missing at the start",
        "One of three secret files does not exist when the daemon starts.",
        "`check` reports it; the daemon polls the other accounts, and this one fails as `credential` until its file exists.",
    ),
    Drill(
        "the configuration becomes something that cannot be read",
        "The configuration becomes a folder, a named pipe or a device, contains impossible paths, or is a loop of symbolic links.",
        "The reload is refused, the previous configuration stays in effect, and the next valid one is applied.",
    ),
    Drill(
        "a key is written where something else belongs",
        "A key is written where a path, the name of a variable, a provider or a block belongs.",
        "No message, page or log line contains it.",
    ),
)
