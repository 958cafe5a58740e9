-- What the service does by itself: who of many servers does it (leases), the runs that it was given to start
-- (submissions), and when schedules fire. Times: UTC ISO 8601 of one width.

-- NULL: it does not fire.
ALTER TABLE schedules ADD COLUMN due TEXT;

-- holder: a process, as liveness tells it, in JSON. until: by the clock of the database.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until TEXT NOT NULL
);

-- One attempt at a run. state: queued, started, ended. place: of the pod, empty until it is started.
-- ending: how it is to be ended, in JSON; empty where nobody has asked. schedule: that fired it, or empty.
CREATE TABLE submissions (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    uid TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL,
    due TEXT NOT NULL,
    place TEXT NOT NULL,
    schedule TEXT NOT NULL,
    ending TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (uid, project, iteration, attempt)
);
CREATE INDEX submissions_queued ON submissions (due, id) WHERE state = 'queued';
CREATE INDEX submissions_started ON submissions (place, id) WHERE state = 'started';
CREATE INDEX submissions_of_schedules ON submissions (project, schedule) WHERE state <> 'ended';
CREATE INDEX submissions_ended ON submissions (updated) WHERE state = 'ended';

-- Then the new columns are filled (backfill.py), and indexed.

CREATE INDEX schedules_by_due ON schedules (due) WHERE due IS NOT NULL;
