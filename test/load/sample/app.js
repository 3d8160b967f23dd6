// The calls of this folder's load, as a user would write them today: express and the official SDK, and a Map for the
// calls under way. There are no checks of tokens, no protection against duplicates and no recovery after a crash, and
// recordings are not fetched.
//
// It takes the calls through the same steps as the flow reception.json in test/scenario/testdata/inbound.txtar: a
// greeting, a menu, an agent with music until then, a recording while they talk, thanks after the agent has left.
const express = require("express");
const { CallAutomationClient, parseCallAutomationEvent } = require("@azure/communication-call-automation");
const { createIdentifierFromRawId } = require("@azure/communication-common");

const { ACS_CONNECTION_STRING, PORT, AGENT } = process.env;
const base = `http://127.0.0.1:${PORT}`;
const client = new CallAutomationClient(ACS_CONNECTION_STRING, { allowInsecureConnection: true });
const agent = createIdentifierFromRawId(AGENT);
const calls = new Map(); // by call connection id
const say = (text) => ({ kind: "textSource", text, voiceName: "en-US-NancyNeural" });

const app = express();
app.use(express.json({ limit: "1mb" }));

app.post("/api/incomingCall", async (req, res) => {
  for (const event of req.body) {
    if (event.eventType === "Microsoft.EventGrid.SubscriptionValidationEvent") {
      return res.json({ validationResponse: event.data.validationCode });
    }
    if (event.eventType !== "Microsoft.Communication.IncomingCall") continue;
    const { callConnectionProperties } = await client.answerCall(
      event.data.incomingCallContext,
      `${base}/api/callbacks/${crypto.randomUUID()}`,
      { callIntelligenceOptions: { cognitiveServicesEndpoint: "https://speech.example" } },
    );
    const caller = createIdentifierFromRawId(event.data.from.rawId);
    calls.set(callConnectionProperties.callConnectionId, { caller, talking: false });
  }
  res.sendStatus(200);
});

app.post("/api/callbacks/:id", async (req, res) => {
  res.sendStatus(200);
  for (const raw of req.body) {
    const event = parseCallAutomationEvent(raw);
    try {
      await react(event);
    } catch (err) {
      console.error(event.kind, err);
    }
  }
});

async function react(event) {
  const id = event.callConnectionId;
  const call = calls.get(id);
  const connection = client.getCallConnection(id);
  const media = connection.getCallMedia();
  switch (event.kind) {
    case "CallConnected":
      await media.playToAll([say("Welcome to Contoso.")], { operationContext: "greeting" });
      break;
    case "PlayCompleted":
      if (event.operationContext === "greeting") {
        await media.startRecognizing(call.caller, {
          kind: "callMediaRecognizeDtmfOptions",
          maxTonesToCollect: 1,
          playPrompt: say("To speak to an agent, press 1."),
          initialSilenceTimeoutInSeconds: 5,
          interToneTimeoutInSeconds: 2,
        });
      } else if (event.operationContext === "thanks") {
        await connection.hangUp(true);
      }
      break;
    case "RecognizeCompleted":
      await media.playToAll([{ kind: "fileSource", url: "https://contoso.example/hold.wav" }], { loop: true });
      await connection.addParticipant({ targetParticipant: agent }, { invitationTimeoutInSeconds: 20 });
      break;
    case "AddParticipantSucceeded":
      call.talking = true;
      await media.cancelAllOperations();
      await client.getCallRecording().start({
        callConnectionId: id,
        recordingContent: "audio",
        recordingChannel: "mixed",
        recordingFormat: "wav",
      });
      break;
    case "ParticipantsUpdated":
      if (call?.talking && event.participants.length < 2) { // the agent has left
        call.talking = false;
        await media.playToAll([say("Thank you for calling.")], { operationContext: "thanks" });
      }
      break;
    case "RecognizeFailed":
    case "AddParticipantFailed":
    case "PlayFailed":
      await connection.hangUp(true);
      break;
    case "CallDisconnected":
      calls.delete(id);
      break;
  }
}

app.listen(Number(PORT), "127.0.0.1");
