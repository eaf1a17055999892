# The nine documented steps, and one more with a feature group, each with its states. Every state belongs to exactly one
# step.
locals {
  steps = [for step in local.possible_steps : step if step.name != "features" || var.feature_ingestion != null]

  possible_steps = [
    { name = "ingestion", states = ["CheckInput", "ApprovalIsFixed", "InvalidInput", "Prepare", "FindRawData", "RawDataPresent", "NoInputData"] },
    { name = "crawler", states = ["StartCrawler", "WaitForCrawler", "GetCrawler", "CountCrawlerPoll", "CrawlerReady", "GetLastCrawl", "CrawlSucceeded", "CrawlFailed", "CrawlTimedOut"] },
    {
      name = "etl"
      states = [
        "RunEtl", "StartProcessedCrawler", "StartFeaturesCrawler", "WaitForCatalogue", "GetProcessedCrawler", "GetFeaturesCrawler",
        "CountCataloguePoll", "CatalogueReady", "GetProcessedCrawl", "GetFeaturesCrawl", "CatalogueWritten", "CatalogueFailed", "CatalogueTimedOut",
      ]
    },
    {
      name = "data-validation"
      states = [
        "StartQualityRun", "ValidateData", "WaitForQuality", "GetQualityRun", "CountQualityPoll", "QualityRunEnded", "QualityRunFailed",
        "FindQualityResult", "GetQualityResult", "QualityHolds", "DataQualityFailed",
      ]
    },
    { name = "features", states = ["StartFeatureIngestion", "NotifyFeaturesNotIngested"] },
    { name = "training", states = ["PrepareTraining", "TrainModel"] },
    { name = "evaluation", states = [
      "FindChampion", "DescribeChampion", "PrepareEvaluation", "PrepareFirstEvaluation", "EvaluateModel", "ReadVerdict", "ModelPassed", "NotifyRejection", "RejectModel",
    ] },
    { name = "registry", states = concat(["StoreModel", "PrepareRegistration", "RegisterModel"], local.approval_state_names, [
      "FindVersion", "VersionUsable", "VersionRefused", "FindContainer", "VerifyVersion", "VersionEvaluated", "FindVerdict", "NoVerdict", "PrepareVersion",
    ]) },
    {
      name = "deployment"
      states = [
        "PrepareCandidate", "CreateCandidateModel", "CreateCandidateConfig", "CreateCandidateEndpoint", "FindUnbornCandidate", "StartPollingCandidate",
        "WaitForCandidate", "DescribeCandidate", "CountCandidatePoll", "CandidateReady",
        "DescribeFailedCandidate", "CandidateFailed", "CandidateTimedOut", "ProbeCandidate",
        "DeleteCandidateEndpoint", "DeleteCandidateConfig", "DeleteCandidateModel", "CandidateProbed", "WithdrawApproval",
        "CleanUpFailed", "PrepareLiveVersion", "FindPreviousVersion", "NoPreviousVersion", "SetLiveVersion", "PromoteModel",
        "PreviousToArchive", "ArchivePreviousVersion", "NotifyUnarchived", "StartReleases", "NotifyNotReleased",
      ]
    },
    { name = "monitoring", states = ["HasMetrics", "PublishMetrics", "NotifySuccess", "Done", "NotifyFailure", "ErrorNameReserved", "RenameError", "Failed"] },
  ]
}
