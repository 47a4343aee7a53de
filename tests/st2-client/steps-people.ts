/** Questions to people, and what people say in chats. */
import type { Topic } from "./step.ts";

export const peopleTopics: readonly Topic[] = [
  {
    about: "inquiries",
    steps: [
      {
        command: "run",
        args: "shop.approve -a",
        remember: ["asked", /execution get ([0-9a-f]{24})/],
      },
      {
        command: "inquiry list",
        args: "-n 1",
        until: true,
        prints: ["ops"],
        remember: ["inquiry", /([0-9a-f]{24})/],
        seen: "the open questions",
      },
      {
        command: "inquiry get",
        args: "{inquiry}",
        prints: ["ops", "reason"],
        seen: "who may answer, and with what",
      },
      {
        command: "inquiry respond",
        args: ["{inquiry}", "-r", '{"reason": 1}'],
        code: 1,
        prints: ["did not pass schema validation"],
      },
      {
        command: "inquiry respond",
        args: ["{inquiry}", "-r", '{"reason": "tested", "sure": true}'],
        prints: ["Response accepted for inquiry {inquiry}"],
        seen: "from the option, or from the form at a terminal; the workflow goes on",
      },
      {
        command: "execution get",
        args: "{asked} -k output.answer",
        until: true,
        prints: ["tested"],
      },
    ],
  },
  {
    about: "chat",
    steps: [
      {
        command: "action-alias create",
        args: "{files}/alias.yaml",
        prints: ["say_words"],
        seen: "from a file",
      },
      {
        command: "action-alias list",
        args: "-p default",
        prints: ["default.say_words"],
        seen: "by pack",
      },
      {
        command: "action-alias get",
        args: "default.say_words",
        prints: ["core.echo"],
        seen: "one of them",
      },
      {
        command: "action-alias match",
        args: ["say hello there"],
        prints: ["say_words"],
        seen: "which alias means that",
      },
      {
        command: "action-alias execute",
        args: ["say hello"],
        prints: ["Matching Action-alias: 'default.say_words'", "st2 execution get"],
        seen: "what was said is run",
      },
      {
        command: "action-alias test",
        args: ["say hello"],
        prints: ["Formatted ChatOps result message", "stdout: hello"],
        seen: "run and shown as the chat would see it",
      },
      {
        command: "action-alias execute",
        args: ["no such words"],
        code: 1,
        prints: ["matched no patterns"],
      },
      {
        command: "action-alias update",
        args: "default.say_words {files}/alias2.yaml",
        prints: ["Says words again"],
        seen: "replaced",
      },
      {
        command: "action-alias delete",
        args: "default.say_words",
        prints: ["successfully deleted"],
        seen: "gone",
      },
    ],
  },
];
