import { Ajv } from "ajv";
import { expect, test } from "vitest";

import { checkValues, isParameterSchemas } from "../../src/content/check-values.ts";
import { builtinTriggerTypes } from "../../src/model/builtin-triggers.ts";

function faults(ref: string, parameters: Record<string, unknown>): string[] {
  const schemas = builtinTriggerTypes.get(ref)?.parametersSchema["properties"];
  if (!isParameterSchemas(schemas)) throw new Error(`${ref} has no parameters`);
  return checkValues(schemas, parameters, { others: "reject", expressions: false }).map(
    ({ message }) => message,
  );
}

test("StackStorm's own trigger types and Raicho's are all there", () => {
  expect([...builtinTriggerTypes.keys()].toSorted()).toEqual([
    "alert.acknowledged",
    "alert.firing",
    "alert.flapping",
    "alert.group.closed",
    "alert.group.opened",
    "alert.group.repeated",
    "alert.group.updated",
    "alert.repeated",
    "alert.resolved",
    "alert.source_silent",
    "alert.suppressed",
    "alert.unparsed",
    "calendar.business_tick",
    "core.raicho.rule.held",
    "core.raicho.sensor.crashlooping",
    "core.raicho.sensor.recovered",
    "core.st2.CronTimer",
    "core.st2.DateTimer",
    "core.st2.IntervalTimer",
    "core.st2.action.file_written",
    "core.st2.generic.actiontrigger",
    "core.st2.generic.inquiry",
    "core.st2.generic.notifytrigger",
    "core.st2.key_value_pair.create",
    "core.st2.key_value_pair.delete",
    "core.st2.key_value_pair.update",
    "core.st2.key_value_pair.value_change",
    "core.st2.sensor.process_exit",
    "core.st2.sensor.process_spawn",
    "core.st2.webhook",
    "email.imap.message",
    "email.smtp.message",
    "forms.submitted",
    "inventory.breaker.opened",
    "inventory.change.applied",
    "inventory.change.approved",
    "inventory.change.blocked",
    "inventory.change.cancelled",
    "inventory.change.proposed",
    "inventory.change.refused",
    "inventory.changeset.committed",
    "inventory.conflict.opened",
    "inventory.conflict.resolved",
    "inventory.drift.detected",
    "inventory.drift.enforce",
    "inventory.drift.resolved",
    "inventory.entry.created",
    "inventory.entry.deleted",
    "inventory.entry.restored",
    "inventory.entry.updated",
    "inventory.expiry.due",
    "inventory.loop.suspected",
    "inventory.snapshot.refused",
    "request.created",
    "request.updated",
    "runbook.proposed",
    "runbook.repo.updated",
    "ticket.closed_wrongly",
    "ticket.moved",
    "ticket.opened",
    "ticket.reminder",
  ]);
});

test.each([
  ["core.st2.IntervalTimer", { unit: "seconds", delta: 5, timezone: "UTC" }, []],
  ["core.st2.IntervalTimer", { unit: "seconds" }, ['"delta" is required']],
  ["core.st2.CronTimer", { hour: 3, day_of_week: "mon-fri", second: "*/10" }, []],
  ["core.st2.CronTimer", { hour: true }, ["hour fits none of the schemas in anyOf"]],
  ["core.st2.DateTimer", { date: "2026-01-02T03:04:05+09:00" }, []],
  ["core.st2.webhook", { url: "alerts/nagios" }, []],
])("%s takes %j", (ref, parameters, expected) => {
  expect(faults(ref, parameters)).toEqual(expected);
});

test("payload schemas are JSON Schema, and take payloads with more in them", () => {
  const ajv = new Ajv({ strict: false });
  for (const { payloadSchema } of builtinTriggerTypes.values())
    expect(ajv.compile(payloadSchema)({ new_field: 1 })).toBe(true);
});
