"""Kinds of accounts beyond the common ones, and those that are held out: no rule may be designed on them."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.warning.grid import HOUR
from benchmarks.warning.simulation import held_out, irregular, teams, uneven
from benchmarks.warning.simulation.kinds import KINDS, month, wallet
from benchmarks.warning.simulation.profiles import ANY, diurnal, evening_show, office, steady
from benchmarks.warning.simulation.spec import Kind, pick

FURTHER: dict[str, Kind] = {
    "weekday night batch": lambda r: wallet(r, irregular.weekday_batch, pick(r, "late", "prudent")),
    "two shifts": lambda r: wallet(r, irregular.two_shifts, "late"),
    "payroll every two weeks": lambda r: wallet(r, irregular.payroll, "late", (10, 40)),
    "monthly batch in a monthly quota": lambda r: month(r, irregular.monthly_batch, (0.6, 1.3)),
    "shows at weekends only": lambda r: wallet(r, irregular.weekend_shows, pick(r, "late", "prudent"), (4, 14)),
    "slow ramp, then plateau": lambda r: wallet(r, irregular.ramp_then_plateau, "late"),
    "holiday week": lambda r: wallet(r, irregular.holiday_week, "late"),
    "bursts of three days": lambda r: wallet(r, irregular.bursts, "late", (2, 9)),
    "hourly cron": lambda r: wallet(r, irregular.hourly_cron, "late"),
    "handed over": lambda r: wallet(r, irregular.handed_over, "prudent", (6, 30)),
    "taken over": lambda r: wallet(r, irregular.taken_over, "late", (3, 12)),
    "use follows the balance": lambda r: wallet(r, pick(r, diurnal, office), "late", follows=r.uniform(0.4, 0.95)),
    "seasonal doubling": lambda r: month(r, irregular.doubled_season, (0.6, 1.1)),
    "trial used up once": lambda r: wallet(r, irregular.trial, "never", (2, 10)),
    "huge single jobs": lambda r: wallet(r, irregular.huge_jobs, pick(r, "late", "prudent"), (5, 15)),
    "two exporters": lambda r: wallet(r, pick(r, *ANY), "late", exporters=2),
    "two exporters, monthly quota": lambda r: month(r, pick(r, *ANY), (0.7, 1.6), exporters=2),
    "adaptive interval": lambda r: wallet(r, pick(r, *ANY), "late", interval=pick(r, "15m", "30m", "1h"), min_interval="5m"),
    "long interval": lambda r: wallet(r, pick(r, steady, diurnal, office), "late", interval=pick(r, "15m", "30m", "1h")),
    "key rejected for hours": lambda r: wallet(r, pick(r, steady, diurnal, office), pick(r, "late", "prudent"), key_fails=True),
    "spending cap, bursts": lambda r: replace(month(r, irregular.bursts, (0.5, 1.4)), form="spend"),
    "auto reload, bursts": lambda r: wallet(r, irregular.bursts, "never", (1, 5), reload="works"),
    "follow the sun": lambda r: wallet(r, uneven.follow_the_sun, "late"),
    "alternate days": lambda r: wallet(r, uneven.alternate_days, pick(r, "late", "prudent")),
    "release Friday": lambda r: wallet(r, uneven.release_friday, "late", (4, 14)),
    "viral": lambda r: wallet(r, uneven.viral, "late", (8, 30)),
    "deadline in a monthly quota": lambda r: month(r, uneven.deadline, (0.6, 1.5)),
    "front-loaded weeks": lambda r: wallet(r, uneven.front_loaded, pick(r, "late", "prudent")),
    "paused at random": lambda r: wallet(r, uneven.paused, "late"),
    "step down": lambda r: wallet(r, uneven.step_down, "prudent", (4, 12)),
    "lunch and dinner": lambda r: wallet(r, uneven.lunch_and_dinner, "late"),
    "quarter hours, hourly vendor": lambda r: wallet(r, uneven.quarter_hours, "late", update_every=HOUR),
    "weekly quota": lambda r: month(r, pick(r, office, evening_show, uneven.alternate_days), (0.6, 1.4), period=7),
    "auto reload fails, alternate days": lambda r: wallet(r, uneven.alternate_days, "late", (1, 5), reload="fails"),
    "two exporters, key rejected": lambda r: wallet(r, uneven.follow_the_sun, "late", exporters=2, key_fails=True),
    "release Friday in a quota, 30m": lambda r: month(r, uneven.release_friday, (0.7, 1.4), interval="30m", min_interval="5m"),
    # The following were held out until rules were designed on them.
    "call centre, auto reload fails": lambda r: wallet(r, teams.call_centre, "late", (1, 5), reload="fails"),
    "tutoring in term time": lambda r: month(r, teams.school_term, (0.4, 0.9)),
    "localisation batch with refunds": lambda r: wallet(r, teams.localisation, pick(r, "late", "prudent"), (3, 12), refunds=True),
    "weekly webinar, auto reload off": lambda r: wallet(r, teams.webinar, "late", (8, 30), reload="off"),
    "two products, two exporters": lambda r: wallet(r, teams.two_products, pick(r, "late", "prudent"), exporters=2),
    "long renders, vendor updates every 30m": lambda r: wallet(r, teams.renders, "late", (4, 14), update_every=HOUR // 2),
    "launch day": lambda r: wallet(r, teams.launch, "late", (6, 20)),
    "daily quota, evening players": lambda r: month(r, teams.evening_players, (0.55, 1.1), period=1, outages=3.0),
    "trial of a team": lambda r: wallet(r, teams.team_trial, "never", (8, 60), empty_pool=True),
    "rented machines, hourly vendor": lambda r: wallet(r, teams.machines, "late", (3, 10), update_every=HOUR),
    "agents in a weekly quota": lambda r: month(r, teams.agents, (0.6, 1.3), period=7, interval="15m"),
}

DESIGN: dict[str, Kind] = {**KINDS, **FURTHER}
"""The kinds on which rules may be designed."""

HELD_OUT: dict[str, Kind] = {
    "newsroom, adaptive interval": lambda r: wallet(
        r, held_out.breaking_news, pick(r, "late", "prudent"), (3, 12), interval="30m", min_interval="5m"
    ),
    "tests by commits, key rejected": lambda r: wallet(r, held_out.commits, "late", (3, 12), key_fails=True),
    "experiment under a spending cap": lambda r: replace(month(r, held_out.experiment, (0.6, 1.05)), form="spend"),
    "retry storm": lambda r: wallet(r, held_out.retry_storm, pick(r, "late", "prudent"), (5, 20)),
    "month-end reports with overage": lambda r: month(r, held_out.month_end, (0.6, 1.4), overage=r.uniform(0.05, 0.3)),
    "growth by the week, auto reload works": lambda r: wallet(r, held_out.growth_by_week, "never", (1, 5), reload="works"),
    "credits used early in the month": lambda r: month(r, held_out.studio, (0.9, 2), follows=r.uniform(0.4, 0.9)),
    "support chat in a daily quota": lambda r: month(r, held_out.support_chat, (0.45, 0.95), period=1),
    "scraper at midnight in a daily quota": lambda r: month(r, held_out.scraper, (0.5, 1.2), period=1, interval=pick(r, "5m", "15m")),
    "captions of a parliament in a weekly quota": lambda r: month(r, held_out.parliament, (0.4, 0.85), period=7),
    "homework in a weekly quota": lambda r: month(r, held_out.homework, (0.5, 1.1), period=7),
    "credits used late in the month": lambda r: month(r, held_out.agency, (0.6, 1.3), back_loaded=r.uniform(1.8, 3.5)),
    "game with patch days, auto reload fails": lambda r: wallet(r, held_out.patch_days, "late", (1, 6), reload="fails"),
    "two live programmes a week": lambda r: wallet(r, held_out.live_programmes, pick(r, "late", "prudent"), (6, 25)),
    "ad-hoc work of a data team": lambda r: wallet(r, held_out.ad_hoc, pick(r, "late", "prudent"), (3, 12), interval="15m"),
    "new customers under a spending cap": lambda r: replace(month(r, held_out.onboarding, (0.6, 1.3)), form="spend"),
    "hotels, two exporters, hourly vendor": lambda r: wallet(r, held_out.hotel_bookings, "late", exporters=2, update_every=HOUR),
    "creators, refunds, polls fail often": lambda r: wallet(r, held_out.creators, "late", (2.5, 10), refunds=True, outages=5.0),
}

ALL: dict[str, Kind] = {**DESIGN, **HELD_OUT}
