package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"switchboard/handler/acs"
)

// call makes with our client the call that Microsoft's client made with the input in.
func call(ctx context.Context, c *acs.Client, operation string, in input) error {
	class, method, _ := strings.Cut(operation, ".")
	made, ok := calls[operation]
	if !ok {
		return fmt.Errorf("no call stands for %s of %s", method, class)
	}
	options := in.object("options")
	if options == nil {
		options = input{}
	}
	return made(ctx, c, in, options)
}

// calls are our calls, by the method of Microsoft's client that they stand for. The
// argument in is the whole input of the method, o its options.
var calls = map[string]func(ctx context.Context, c *acs.Client, in, o input) error{
	"CallAutomationClient.createCall": func(ctx context.Context, c *acs.Client, in, o input) error {
		invite := in.object("callInvite")
		return createCall(ctx, c, in, o, invite, []acs.Identifier{invite.identifier("targetParticipant")})
	},
	"CallAutomationClient.createGroupCall": func(ctx context.Context, c *acs.Client, in, o input) error {
		return createCall(ctx, c, in, o, input{}, in.identifiers("targetParticipants"))
	},
	"CallAutomationClient.answerCall": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.AnswerCall(ctx, in.text("incomingCallContext"), in.text("callbackUrl"), &acs.AnswerCallOptions{
			OperationContext:        o.text("operationContext"),
			CallIntelligenceOptions: o.intelligence(),
			AnsweredBy:              in.object("client").identifier("sourceIdentity"),
			MediaStreamingOptions:   o.mediaStreaming(),
			TranscriptionOptions:    o.transcription(),
		})
		return err
	},
	"CallAutomationClient.redirectCall": func(ctx context.Context, c *acs.Client, in, _ input) error {
		_, err := c.RedirectCall(ctx, in.text("incomingCallContext"), in.object("callInvite").identifier("targetParticipant"), nil)
		return err
	},
	"CallAutomationClient.rejectCall": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.RejectCall(ctx, in.text("incomingCallContext"), &acs.RejectCallOptions{
			Reason: acs.RejectReason(o.text("callRejectReason")),
		})
		return err
	},
	"CallAutomationClient.connectCall": func(ctx context.Context, c *acs.Client, in, o input) error {
		var locator acs.CallLocator
		if l := in.locator("callLocator"); l != nil {
			locator = *l
		}
		_, err := c.Connect(ctx, locator, in.text("callbackUrl"), &acs.ConnectOptions{
			OperationContext:        o.text("operationContext"),
			CallIntelligenceOptions: o.intelligence(),
			MediaStreamingOptions:   o.mediaStreaming(),
			TranscriptionOptions:    o.transcription(),
		})
		return err
	},
	"CallConnection.getCallConnectionProperties": func(ctx context.Context, c *acs.Client, in, _ input) error {
		_, err := c.GetCall(ctx, in.text("callConnectionId"), nil)
		return err
	},
	"CallConnection.hangUp": func(ctx context.Context, c *acs.Client, in, _ input) (err error) {
		if in.isTrue("isForEveryone") {
			_, err = c.TerminateCall(ctx, in.text("callConnectionId"), nil)
		} else {
			_, err = c.HangupCall(ctx, in.text("callConnectionId"), nil)
		}
		return err
	},
	"CallConnection.getParticipant": func(ctx context.Context, c *acs.Client, in, _ input) error {
		_, err := c.GetParticipant(ctx, in.text("callConnectionId"), in.identifier("targetParticipant"), nil)
		return err
	},
	"CallConnection.listParticipants": func(ctx context.Context, c *acs.Client, in, _ input) error {
		for pager := c.NewGetParticipantsPager(in.text("callConnectionId"), nil); pager.More(); {
			if _, err := pager.NextPage(ctx); err != nil {
				return err
			}
		}
		return nil
	},
	"CallConnection.addParticipant": func(ctx context.Context, c *acs.Client, in, o input) error {
		invite := in.object("callInvite")
		_, err := c.AddParticipant(ctx, in.text("callConnectionId"), invite.identifier("targetParticipant"), &acs.AddParticipantOptions{
			SourceCallerIDNumber:       invite.identifier("sourceCallIdNumber"),
			SourceDisplayName:          invite.text("sourceDisplayName"),
			InvitationTimeoutInSeconds: o.int32("invitationTimeoutInSeconds"),
			OperationContext:           o.text("operationContext"),
			OperationCallbackURI:       o.text("operationCallbackUrl"),
			CustomCallingContext:       invite.callingContext(),
		})
		return err
	},
	"CallConnection.transferCallToParticipant": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.TransferToParticipant(ctx, in.text("callConnectionId"), in.identifier("targetParticipant"), &acs.TransferToParticipantOptions{
			Transferee:           o.identifier("transferee"),
			SourceCallerIDNumber: o.identifier("sourceCallIdNumber"),
			OperationContext:     o.text("operationContext"),
			OperationCallbackURI: o.text("operationCallbackUrl"),
			CustomCallingContext: o.callingContext(),
		})
		return err
	},
	"CallConnection.removeParticipant": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.RemoveParticipant(ctx, in.text("callConnectionId"), in.identifier("participant"), &acs.RemoveParticipantOptions{
			OperationContext: o.text("operationContext"), OperationCallbackURI: o.text("operationCallbackUrl"),
		})
		return err
	},
	"CallConnection.muteParticipant": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.Mute(ctx, in.text("callConnectionId"), in.identifier("participant"), &acs.MuteOptions{
			OperationContext: o.text("operationContext"),
		})
		return err
	},
	"CallConnection.cancelAddParticipantOperation": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.CancelAddParticipant(ctx, in.text("callConnectionId"), in.text("invitationId"), &acs.CancelAddParticipantOptions{
			OperationContext: o.text("operationContext"), OperationCallbackURI: o.text("operationCallbackUrl"),
		})
		return err
	},
	"CallConnection.moveParticipants": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.MoveParticipants(ctx, in.text("callConnectionId"), in.identifiers("targetParticipants"), in.text("fromCall"),
			&acs.MoveParticipantsOptions{
				OperationContext: o.text("operationContext"), OperationCallbackURI: o.text("operationCallbackUrl"),
			})
		return err
	},
	"CallMedia.play": func(ctx context.Context, c *acs.Client, in, o input) error {
		return play(ctx, c, in, o, in.identifiers("playTo"))
	},
	"CallMedia.playToAll": func(ctx context.Context, c *acs.Client, in, o input) error {
		return play(ctx, c, in, o, nil)
	},
	"CallMedia.startRecognizing": recognize,
	"CallMedia.cancelAllOperations": func(ctx context.Context, c *acs.Client, in, _ input) error {
		_, err := c.CancelAllMediaOperations(ctx, in.text("callConnectionId"), nil)
		return err
	},
	"CallMedia.startContinuousDtmfRecognition": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.StartContinuousDTMFRecognition(ctx, in.text("callConnectionId"), in.identifier("targetParticipant"),
			&acs.StartContinuousDTMFRecognitionOptions{
				OperationContext: o.text("operationContext"), OperationCallbackURI: o.text("operationCallbackUrl"),
			})
		return err
	},
	"CallMedia.stopContinuousDtmfRecognition": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.StopContinuousDTMFRecognition(ctx, in.text("callConnectionId"), in.identifier("targetParticipant"),
			&acs.StopContinuousDTMFRecognitionOptions{
				OperationContext: o.text("operationContext"), OperationCallbackURI: o.text("operationCallbackUrl"),
			})
		return err
	},
	"CallMedia.sendDtmfTones": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.SendDTMFTones(ctx, in.text("callConnectionId"), in.identifier("targetParticipant"), texts[acs.Tone](in, "tones"),
			&acs.SendDTMFTonesOptions{
				OperationContext: o.text("operationContext"), OperationCallbackURI: o.text("operationCallbackUrl"),
			})
		return err
	},
	"CallMedia.hold": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.Hold(ctx, in.text("callConnectionId"), in.identifier("targetParticipant"), &acs.HoldOptions{
			PlaySource:       o.optionalSource("playSource"),
			OperationContext: o.text("operationContext"), OperationCallbackURI: o.text("operationCallbackUrl"),
		})
		return err
	},
	"CallMedia.unhold": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.Unhold(ctx, in.text("callConnectionId"), in.identifier("targetParticipant"), &acs.UnholdOptions{
			OperationContext: o.text("operationContext"), OperationCallbackURI: o.text("operationCallbackUrl"),
		})
		return err
	},
	"CallMedia.startTranscription": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.StartTranscription(ctx, in.text("callConnectionId"), &acs.StartTranscriptionOptions{
			Locale: o.text("locale"), SpeechModelEndpointID: o.text("speechRecognitionModelEndpointId"),
			OperationContext: o.text("operationContext"), OperationCallbackURI: o.text("operationCallbackUrl"),
		})
		return err
	},
	"CallMedia.stopTranscription": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.StopTranscription(ctx, in.text("callConnectionId"), &acs.StopTranscriptionOptions{
			OperationContext: o.text("operationContext"), OperationCallbackURI: o.text("operationCallbackUrl"),
		})
		return err
	},
	"CallMedia.updateTranscription": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.UpdateTranscription(ctx, in.text("callConnectionId"), in.text("locale"), &acs.UpdateTranscriptionOptions{
			SpeechModelEndpointID: o.text("speechRecognitionModelEndpointId"),
			OperationContext:      o.text("operationContext"), OperationCallbackURI: o.text("operationCallbackUrl"),
		})
		return err
	},
	"CallMedia.startMediaStreaming": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.StartMediaStreaming(ctx, in.text("callConnectionId"), &acs.StartMediaStreamingOptions{
			OperationContext: o.text("operationContext"), OperationCallbackURI: o.text("operationCallbackUrl"),
		})
		return err
	},
	"CallMedia.stopMediaStreaming": func(ctx context.Context, c *acs.Client, in, o input) error {
		_, err := c.StopMediaStreaming(ctx, in.text("callConnectionId"), &acs.StopMediaStreamingOptions{
			OperationContext: o.text("operationContext"), OperationCallbackURI: o.text("operationCallbackUrl"),
		})
		return err
	},
	"CallRecording.start": startRecording,
	"CallRecording.getState": func(ctx context.Context, c *acs.Client, in, _ input) error {
		_, err := c.GetRecordingProperties(ctx, in.text("recordingId"), nil)
		return err
	},
	"CallRecording.stop": func(ctx context.Context, c *acs.Client, in, _ input) error {
		_, err := c.StopRecording(ctx, in.text("recordingId"), nil)
		return err
	},
	"CallRecording.pause": func(ctx context.Context, c *acs.Client, in, _ input) error {
		_, err := c.PauseRecording(ctx, in.text("recordingId"), nil)
		return err
	},
	"CallRecording.resume": func(ctx context.Context, c *acs.Client, in, _ input) error {
		_, err := c.ResumeRecording(ctx, in.text("recordingId"), nil)
		return err
	},
	"CallRecording.downloadStreaming": download,
	"CallRecording.downloadToStream":  download,
	"CallRecording.downloadToPath":    download,
	"CallRecording.delete": func(ctx context.Context, c *acs.Client, in, _ input) error {
		_, err := c.DeleteRecording(ctx, in.text("url"), nil)
		return err
	},
}

// createCall creates a call with the caller's number of the invitation, or of the
// options if that has none. Microsoft's client reads the options for groups only.
func createCall(ctx context.Context, c *acs.Client, in, o, invite input, targets []acs.Identifier) error {
	number, display := invite.identifier("sourceCallIdNumber"), invite.text("sourceDisplayName")
	if number.IsZero() {
		number = o.identifier("sourceCallIdNumber")
	}
	if display == "" {
		display = o.text("sourceDisplayName")
	}
	_, err := c.CreateCall(ctx, targets, in.text("callbackUrl"), &acs.CreateCallOptions{
		TeamsAppSource:          o.identifier("teamsAppSource"),
		SourceCallerIDNumber:    number,
		SourceDisplayName:       display,
		Source:                  in.object("client").identifier("sourceIdentity"),
		OperationContext:        o.text("operationContext"),
		CallIntelligenceOptions: o.intelligence(),
		MediaStreamingOptions:   o.mediaStreaming(),
		TranscriptionOptions:    o.transcription(),
	})
	return err
}

func play(ctx context.Context, c *acs.Client, in, o input, to []acs.Identifier) error {
	_, err := c.Play(ctx, in.text("callConnectionId"), in.playSources("playSources"), &acs.PlayOptions{
		PlayTo: to, Loop: o.isTrue("loop"), InterruptCallMediaOperation: o.flag("interruptCallMediaOperation"),
		OperationContext: o.text("operationContext"), OperationCallbackURI: o.text("operationCallbackUrl"),
	})
	return err
}

// inputTypes are the input types, by the kind of the options.
var inputTypes = map[string]acs.RecognizeInputType{
	"callMediaRecognizeDtmfOptions":         acs.InputDTMF,
	"callMediaRecognizeChoiceOptions":       acs.InputChoices,
	"callMediaRecognizeSpeechOptions":       acs.InputSpeech,
	"callMediaRecognizeSpeechOrDtmfOptions": acs.InputSpeechOrDTMF,
}

func recognize(ctx context.Context, c *acs.Client, in, o input) error {
	kind := acs.RecognizeInputType(o.text("inputType"))
	if kind == "" {
		kind = inputTypes[o.text("kind")]
	}
	maxTones := o.int32("maxTonesToCollect")
	if old := in.int32("maxTonesToCollect"); old != nil { // an argument of the deprecated form
		maxTones = old
	}
	options := &acs.RecognizeOptions{
		PlayPrompt:                       o.optionalSource("playPrompt"),
		PlayPrompts:                      o.playSources("playPrompts"),
		InterruptPrompt:                  o.flag("interruptPrompt"),
		InitialSilenceTimeoutInSeconds:   o.int32("initialSilenceTimeoutInSeconds"),
		InterToneTimeoutInSeconds:        o.int32("interToneTimeoutInSeconds"),
		MaxTonesToCollect:                maxTones,
		StopTones:                        texts[acs.Tone](o, "stopDtmfTones"),
		SpeechLanguage:                   o.text("speechLanguage"),
		SpeechRecognitionModelEndpointID: o.text("speechRecognitionModelEndpointId"),
		InterruptCallMediaOperation:      o.flag("interruptCallMediaOperation"),
		OperationContext:                 o.text("operationContext"),
		OperationCallbackURI:             o.text("operationCallbackUrl"),
	}
	if seconds, ok := o.float("endSilenceTimeoutInSeconds"); ok {
		options.EndSilenceTimeoutInMs = new(int64(seconds * 1000))
	}
	for _, choice := range o.objects("choices") {
		options.Choices = append(options.Choices, acs.Choice{
			Label: choice.text("label"), Phrases: texts[string](choice, "phrases"), Tone: acs.Tone(choice.text("tone")),
		})
	}
	_, err := c.Recognize(ctx, in.text("callConnectionId"), in.identifier("targetParticipant"), kind, options)
	return err
}

func startRecording(ctx context.Context, c *acs.Client, _, o input) error {
	storage := o.object("recordingStorage")
	options := &acs.StartRecordingOptions{
		RecordingStateCallbackURI:       o.text("recordingStateCallbackEndpointUrl"),
		Content:                         acs.RecordingContent(o.text("recordingContent")),
		Channel:                         acs.RecordingChannel(o.text("recordingChannel")),
		Format:                          acs.RecordingFormat(o.text("recordingFormat")),
		AudioChannelParticipantOrdering: o.identifiers("audioChannelParticipantOrdering"),
		PauseOnStart:                    o.flag("pauseOnStart"),
		StorageKind:                     acs.RecordingStorageKind(storage.text("recordingStorageKind")),
		ContainerURL:                    storage.text("recordingDestinationContainerUrl"),
	}
	if o.has("channelAffinity") {
		options.ChannelAffinity = []acs.ChannelAffinity{}
		for _, a := range o.objects("channelAffinity") {
			options.ChannelAffinity = append(options.ChannelAffinity, acs.ChannelAffinity{
				Channel: a.int32("channel"), Participant: a.identifier("targetParticipant"),
			})
		}
	}
	target := acs.RecordingTarget{CallConnectionID: o.text("callConnectionId"), CallLocator: o.locator("callLocator")}
	_, err := c.StartRecording(ctx, target, options)
	return err
}

func download(ctx context.Context, c *acs.Client, in, o input) error {
	options := &acs.DownloadRecordingOptions{}
	offset, count := o.number("offset"), valueOf(o.number("length"))
	if offset != nil || count != 0 {
		options.Range = &acs.ByteRange{Offset: valueOf(offset), Count: count}
	}
	file, err := c.DownloadRecording(ctx, in.text("url"), options)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, file.Body)
	if closed := file.Body.Close(); err == nil {
		err = closed
	}
	return err
}
