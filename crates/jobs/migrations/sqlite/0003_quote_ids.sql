-- Quote ids as offices write them: printable text of up to 200 characters, without control characters, line ends, and marks
-- that turn the direction of what is printed after them. The same rule as in PostgreSQL.

-- SQLite changes no constraint of a table. Making the table anew would cascade into its history; the rows need no change,
-- since the new rule takes all that the old one took, so only the stored text does
-- (https://www.sqlite.org/lang_altertable.html, "changes that do not affect the on-disk content").
pragma writable_schema = on;
update sqlite_schema set sql = replace(sql, 'check (
    length(entity_id) between 1 and 128 and entity_id not glob ''*[^A-Za-z0-9._:-]*'' and entity_id not glob ''.*'')', 'check (
    length(entity_id) between 1 and 200 and entity_id = trim(entity_id)
    and entity_id not glob ''*['' || char(1) || ''-'' || char(31) || char(127) || ''-'' || char(159)
      || char(8232) || ''-'' || char(8238) || char(8294) || ''-'' || char(8297) || '']*'')')
  where type = 'table' and name = 'video_render_jobs';
pragma writable_schema = reset;

-- A new version of the schema, so that other connections read the table's text again.
create view video_render_jobs_changed as select 1;
drop view video_render_jobs_changed;
