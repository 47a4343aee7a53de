/** Ratings of tickets, and what reports are made of. */
import { sql } from "kysely";
import type { Db } from "./schema.ts";

export interface TicketRating {
  readonly ticketId: number;
  readonly person: string;
  readonly rating: number;
  readonly minutes: number | null;
  readonly words: string | null;
}

/** The last word of each person counts. */
export async function saveRating(db: Db, rating: TicketRating): Promise<void> {
  const { ticketId, person, rating: stars, minutes, words } = rating;
  await sql`
    insert into ticket_rating (ticket_id, person, rating, minutes, words) values (${ticketId}, ${person}, ${stars}, ${minutes}, ${words})
    on conflict (ticket_id, person) do update set rating = excluded.rating, minutes = excluded.minutes, words = excluded.words, at = clock_timestamp()`.execute(
    db,
  );
}

export interface MeasuredRow {
  readonly category: string;
  readonly month: string;
  readonly created_at: Date;
  readonly closed_at: Date | null;
}

/** Tickets of our own since then; months are those of the site. */
export async function measuredTickets(
  db: Db,
  since: Date,
  timeZone: string,
): Promise<readonly MeasuredRow[]> {
  const { rows } = await sql<MeasuredRow>`
    select category, to_char(created_at at time zone ${timeZone}, 'YYYY-MM') as month, created_at, closed_at
    from ticket where created_at >= ${since} and kind not in ('adopted', 'repeat', 'sub') order by id`.execute(
    db,
  );
  return rows;
}

export interface RatingRow {
  readonly category: string;
  readonly at: Date;
  readonly rating: number;
  readonly minutes: number | null;
}

export async function ratingsSince(db: Db, since: Date): Promise<readonly RatingRow[]> {
  const { rows } = await sql<RatingRow>`
    select t.category, r.at, r.rating, r.minutes from ticket_rating r join ticket t on t.id = r.ticket_id where r.at >= ${since}`.execute(
    db,
  );
  return rows;
}
