-- What a service keeps (secrets, profiles, schedules, tasks), and results and end times of runs, to search by.
-- Most listings leave children out, and most rows of large sweeps are children: their indexes are few.

ALTER TABLE runs ADD COLUMN end_time TEXT;
-- A run is updated no earlier than it starts: what was updated before a time has started before it.
UPDATE runs SET last_update = start_time WHERE last_update < start_time;

DROP INDEX runs_by_time;
DROP INDEX runs_by_project;
DROP INDEX runs_by_name;
DROP INDEX runs_by_state;
DROP INDEX runs_by_update;

-- number or text, whichever the result is; other results are not searched by.
CREATE TABLE run_results (
    owner_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    number DOUBLE PRECISION,
    text TEXT,
    PRIMARY KEY (owner_id, name)
) WITHOUT ROWID;

ALTER TABLE artifacts ADD COLUMN producer TEXT NOT NULL DEFAULT '';
ALTER TABLE artifacts ADD COLUMN parent TEXT NOT NULL DEFAULT '';

ALTER TABLE functions ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE functions ADD COLUMN state TEXT NOT NULL DEFAULT '';

-- Keys that begin with "mlrun." are ours: private parts of profiles and of notifications.
CREATE TABLE project_secrets (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (project, name)
);

CREATE TABLE datastore_profiles (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    object TEXT NOT NULL,
    PRIMARY KEY (project, name)
);

CREATE TABLE schedules (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    search TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (project, name)
);
CREATE INDEX schedules_by_name ON schedules (name);

CREATE TABLE schedule_labels (
    owner_id INTEGER NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
);
CREATE INDEX schedule_labels_by_value ON schedule_labels (name, value, owner_id);

-- project: empty for those of the whole service.
CREATE TABLE background_tasks (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (project, name)
);
CREATE INDEX background_tasks_by_time ON background_tasks (project, created);
CREATE INDEX background_tasks_by_update ON background_tasks (updated);

-- Keys of writes that may come twice.
CREATE TABLE seen (
    name TEXT PRIMARY KEY,
    time TEXT NOT NULL
);
CREATE INDEX seen_by_time ON seen (time);

-- Then the new columns are filled (backfill.py), and indexed.

CREATE INDEX runs_by_time ON runs (start_time);
CREATE INDEX runs_by_project ON runs (project, start_time);
CREATE INDEX runs_by_name ON runs (name, project, start_time, iteration);
CREATE INDEX parents_by_time ON runs (start_time, search) WHERE iteration = 0;
CREATE INDEX parents_by_project ON runs (project, start_time, search) WHERE iteration = 0;
CREATE INDEX parents_by_name_and_update ON runs (project, name, last_update) WHERE iteration = 0;
CREATE INDEX parents_by_state ON runs (state, start_time) WHERE iteration = 0;
CREATE INDEX parents_by_state_in_project ON runs (project, state, start_time) WHERE iteration = 0;
CREATE INDEX parents_by_update ON runs (last_update, project) WHERE iteration = 0;
CREATE INDEX parents_by_end ON runs (end_time, project) WHERE iteration = 0;
CREATE INDEX run_results_by_number ON run_results (name, number, owner_id) WHERE number IS NOT NULL;
CREATE INDEX run_results_by_text ON run_results (name, text, owner_id) WHERE text IS NOT NULL;
CREATE INDEX artifacts_by_producer ON artifacts (producer, updated) WHERE producer <> '';
CREATE INDEX artifacts_by_parent ON artifacts (parent, updated) WHERE parent <> '';
CREATE INDEX functions_by_kind ON functions (kind, updated);
CREATE INDEX functions_by_state ON functions (state, updated);
