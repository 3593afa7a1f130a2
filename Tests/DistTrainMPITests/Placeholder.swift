import DistTrain
import Testing
